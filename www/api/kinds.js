// What page and machine say to each other in frames, see src/net/frame.rs. Ids are those of the
// page's streams.

/** The kinds of frames to the machine. */
export const FromPage = Object.freeze({
  /** Bytes of a stream. */
  Data: 6,
  /** No more bytes will come from the page's side. */
  Eof: 7,
  /** The stream is aborted. */
  Reset: 8,
  /** The machine may send so many bytes more. */
  Credit: 9,
  /** A request, whose body follows in frames of the same id. */
  Fetch: 40,
  /** A bare connection to a port. */
  Connect: 41,
  /** A WebSocket. */
  Socket: 43,
  /** A message of text on a WebSocket. */
  Text: 44,
  /** A message of bytes on a WebSocket. */
  Binary: 45,
  /** A WebSocket is to be closed: the body is that of a close frame. */
  Close: 46,
});

/** The kinds of frames from the machine. */
export const ToPage = Object.freeze({
  /** Bytes of a stream. */
  Data: 6,
  /** No more bytes will come from the server's side. */
  Eof: 7,
  /** The connection is broken, or what it carried cannot go on; the body says why. */
  Reset: 8,
  /** The page may send so many bytes more. */
  Credit: 9,
  /** Spans of the trace; the id is the server's. */
  Spans: 25,
  /** What the client knows of requests; the id is the server's. */
  Requests: 34,
  /** The head of a response, the connection is there, or the WebSocket is open. */
  Head: 42,
  /** A message of text on a WebSocket. */
  Text: 44,
  /** A message of bytes on a WebSocket. */
  Binary: 45,
  /** A WebSocket is closed: whether in order, its code and its reason. */
  Closed: 46,
  /** There is no connection: nothing listens at the port; the body says so. */
  Refused: 47,
});
