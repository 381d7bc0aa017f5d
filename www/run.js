/**
 * The page of `cargo xtask run`: starts a server on the files that come over a WebSocket, and
 * carries its connections, its log and its signals.
 */
import { Bridge } from "./run/bridge.js";
import { FromPage, ToPage, bare, exit, fileOf, log, text, textOf, wordsOf } from "./run/frames.js";
import { readFrames } from "./wire/frames.js";

/** @import { Frame } from "./run/frames.js" */
/** @import { Playground, Server } from "./wasgi.js" */

const socket = new WebSocket(`ws://${location.host}/bridge?${location.hash.slice(1)}`);
socket.binaryType = "arraybuffer";

/** @type {Server | undefined} */
let server;

/**
 * What waits to be written together; null: to be removed.
 * @type {Record<string, Uint8Array | null>}
 */
let files = {};

const bridge = new Bridge(
  (message) => {
    // Before it is open, and after it was closed, nobody is there to be told anything.
    if (socket.readyState === WebSocket.OPEN) socket.send(message);
  },
  async () => {
    if (!server) throw new Error("The server does not accept connections yet.");
    return server.connect();
  },
);

/** Imported late, so that it is told when even this fails. @type {Promise<Playground>} */
const playground = import("./wasgi.js").then(({ Playground }) =>
  Playground.create({ assets: "./" }),
);

/**
 * One step after the other: files are there before the server starts. Its start may last; files
 * then still change.
 */
let steps = Promise.resolve();

/** @param {(playground: Playground) => Promise<void>} work the next step */
function step(work) {
  steps = steps.then(async () => work(await playground)).catch(fail);
}

/** @param {unknown} error why the page cannot go on */
function fail(error) {
  bridge.send(
    text(FromPage.FAILED, error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
}

socket.addEventListener("message", ({ data }) => {
  readFrames(new Uint8Array(data), (kind, id, payload) => take({ kind, id, payload }));
});

/** @param {Frame} frame of `cargo xtask run` */
function take(frame) {
  switch (frame.kind) {
    case ToPage.FILE: {
      const { path, contents } = fileOf(frame.payload);
      files[path] = contents;
      break;
    }
    case ToPage.REMOVE_FILE:
      files[textOf(frame.payload)] = null;
      break;
    case ToPage.WRITE_FILES: {
      const written = files;
      files = {};
      step((playground) => playground.writeFiles(written));
      break;
    }
    case ToPage.START: {
      const words = wordsOf(frame.payload);
      step(async (playground) => void start(playground, words).catch(fail));
      break;
    }
    case ToPage.SIGNAL:
      signal(textOf(frame.payload));
      break;
    default:
      bridge.receive(frame);
  }
}

/**
 * Starts the server; tells when it accepts, or how it ended instead.
 * @param {Playground} playground what runs it
 * @param {string[]} words its command line
 */
async function start(playground, words) {
  try {
    server = await playground.start(words, {
      onLog: ({ line, stream }) => bridge.send(log(stream === "stderr", line)),
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === "ServerExit" && "code" in error)) throw error;
    bridge.send(exit(Number(error.code)));
    return;
  }
  server.addEventListener("exit", (event) => {
    bridge.send(exit(/** @type {CustomEvent<{ code: number }>} */ (event).detail.code));
  });
  bridge.send(bare(FromPage.READY));
}

/** @param {string} name without SIG; a server that has just exited need not know */
function signal(name) {
  server?.signal(name).catch(() => {});
}

for (const type of ["error", "unhandledrejection"]) {
  window.addEventListener(type, (event) => {
    const reason = "reason" in event ? event.reason : "message" in event ? event.message : type;
    bridge.send(log(true, `xtask: an error in the page: ${reason}`));
  });
}

playground.then(
  (playground) =>
    playground.addEventListener("crash", (event) =>
      fail(/** @type {CustomEvent} */ (event).detail),
    ),
  () => {}, // Told by the first step.
);

// Without `cargo xtask run` nobody needs the browser.
socket.addEventListener("close", () => window.close());
