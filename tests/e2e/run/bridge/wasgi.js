// Stands in for www/wasgi.js where the bridge itself is tested: a server whose connections do what
// their first line says.
//
// The command line decides how it starts: `serve`, `fail CODE` (exits while it starts), `never`
// (does not get to its end), `wait` (for a file `go`), `error` (a mistake of the page), `refuse`
// (its connections are refused). Signals are logged; TERM makes it exit with code 7, INT with 0
// unless the command line has the word `stubborn`.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @typedef {{ line: string, stream: "stdout" | "stderr" }} LogEntry */
/** @typedef {ReadableStreamDefaultReader<Uint8Array>} Reader */
/** @typedef {WritableStreamDefaultWriter<Uint8Array>} Writer */

class ServerExit extends Error {
  name = "ServerExit";

  /** @param {number} code */
  constructor(code) {
    super(`The server exited with code ${code}.`);
    this.code = code;
  }
}

export class Playground extends EventTarget {
  /** @type {Set<string>} */
  #files = new Set();
  /** @type {Server | undefined} */
  #server;
  /** @type {() => void} */
  #go = () => {};

  static async create() {
    return new Playground();
  }

  /** @param {Record<string, Uint8Array | null>} files */
  async writeFiles(files) {
    for (const [path, contents] of Object.entries(files)) {
      if (contents) this.#files.add(path);
      else this.#files.delete(path);
      this.#server?.log(
        contents ? `changed ${path}: ${decoder.decode(contents)}` : `removed ${path}`,
      );
      if (path === "go") this.#go();
    }
  }

  /**
   * @param {string[]} words
   * @param {{ onLog: (entry: LogEntry) => void }} options
   */
  async start(words, { onLog }) {
    onLog({ line: `words ${JSON.stringify(words)}`, stream: "stdout" });
    onLog({ line: `files ${[...this.#files].sort().join(" ")}`, stream: "stderr" });
    switch (words[0]) {
      case "fail":
        throw new ServerExit(Number(words[1]));
      case "error":
        throw new TypeError("This is a mistake.");
      case "never":
        await new Promise(() => {});
        break;
      case "wait":
        await new Promise((resolve) => (this.#go = () => resolve(undefined)));
        break;
    }
    this.#server = new Server(words, onLog);
    return this.#server;
  }
}

class Server extends EventTarget {
  #words;
  #onLog;
  #connections = 0;

  /**
   * @param {string[]} words
   * @param {(entry: LogEntry) => void} onLog
   */
  constructor(words, onLog) {
    super();
    this.#words = words;
    this.#onLog = onLog;
  }

  /** @param {string} line */
  log(line) {
    this.#onLog({ line, stream: "stderr" });
  }

  /** @param {string} name */
  async signal(name) {
    this.log(`signal ${name}`);
    if (name === "TERM") this.#exit(7);
    if (name === "INT" && !this.#words.includes("stubborn")) this.#exit(0);
  }

  /** @param {number} code */
  #exit(code) {
    this.dispatchEvent(new CustomEvent("exit", { detail: { code } }));
  }

  async connect() {
    if (this.#words[0] === "refuse") throw new Error("Connection refused");
    return connection(++this.#connections, this);
  }
}

/** A pipe that holds at most 64 KiB. */
function pipe() {
  const size = (/** @type {Uint8Array} */ bytes) => bytes.byteLength;
  return new TransformStream(undefined, { highWaterMark: 65536, size }, { highWaterMark: 0, size });
}

/**
 * @param {number} number
 * @param {Server} server
 */
function connection(number, server) {
  const up = pipe();
  const down = pipe();
  const toServer = up.writable.getWriter();
  const toClient = down.writable.getWriter();
  for (const { closed } of [toServer, toClient]) closed.catch(() => {});
  const reset = (/** @type {string} */ who) => {
    const error = new Error("Connection reset");
    toServer.abort(error).catch(() => {});
    toClient.abort(error).catch(() => {});
    server.log(`connection ${number} reset by ${who}`);
  };
  behave(up.readable.getReader(), toClient, number, server, () => reset("server")).catch(
    (error) => {
      server.log(`connection ${number} ended: ${error.message}`);
    },
  );
  return {
    readable: down.readable,
    write: (/** @type {Uint8Array} */ bytes) => send(toServer, bytes),
    end: () => void toServer.close().catch(() => {}),
    reset: () => reset("client"),
  };
}

/**
 * Resolves when the pipe takes more.
 * @param {Writer} writer
 * @param {Uint8Array} bytes
 */
async function send(writer, bytes) {
  await writer.ready;
  writer.write(bytes).catch(() => {});
  await writer.ready;
}

/**
 * Reads to the end.
 * @param {Reader} reader
 * @param {Uint8Array} first what was read before
 */
async function* pieces(reader, first) {
  if (first.length > 0) yield first;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

/**
 * @param {Reader} reader
 * @param {Writer} toClient
 * @param {number} number
 * @param {Server} server
 * @param {() => void} reset
 */
async function behave(reader, toClient, number, server, reset) {
  const first = (await reader.read()).value ?? new Uint8Array(0);
  const end = first.indexOf(10);
  const [verb, argument] = decoder.decode(first.subarray(0, end)).split(" ");
  const rest = pieces(reader, first.slice(end + 1));
  switch (verb) {
    case "echo":
      for await (const piece of rest) await send(toClient, piece);
      await toClient.close();
      break;
    case "number":
      await send(toClient, encoder.encode(`${number}\n`));
      await toClient.close();
      break;
    case "count": {
      // Answers only after the client has ended its side.
      let total = 0;
      let sum = 0;
      for await (const piece of rest) {
        total += piece.length;
        for (const byte of piece) sum = (Math.imul(sum, 31) + byte) >>> 0;
      }
      await send(toClient, encoder.encode(`${total} ${sum}\n`));
      await toClient.close();
      break;
    }
    case "bye": {
      // Ends its side first, and goes on reading.
      await toClient.close();
      let total = 0;
      for await (const piece of rest) total += piece.length;
      server.log(`connection ${number} got ${total} after its end`);
      break;
    }
    case "send": {
      // So many bytes; each KiB has its number (its lowest byte) in all its bytes.
      const total = Number(argument);
      for (let sent = 0; sent < total;) {
        const bytes = new Uint8Array(Math.min(32768, total - sent));
        for (let at = 0; at < bytes.length; at += 1024)
          bytes.fill((sent + at) >> 10, at, at + 1024);
        await send(toClient, bytes);
        sent += bytes.length;
        if (sent % (1 << 20) === 0) server.log(`connection ${number} sent ${sent}`);
      }
      await toClient.close();
      break;
    }
    case "stall":
      // Never reads again.
      server.log(`connection ${number} stalls`);
      break;
    case "reset":
      reset();
      break;
    case "last":
      // Answers, and exits.
      await send(toClient, encoder.encode("last words\n"));
      await toClient.close();
      await server.signal("TERM");
      break;
  }
}
