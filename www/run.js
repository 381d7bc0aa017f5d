/**
 * The page of `cargo xtask run`: starts a server on the files that come over a WebSocket, and carries its connections, its log
 * and its signals.
 */
import { Playground, ServerExit } from "./wasgi.js";
import { Bridge } from "./run/bridge.js";
import { Kind, bare, decode, exit, fileOf, log, text, textOf } from "./run/frames.js";

/** @type {Awaited<ReturnType<Playground["start"]>> | undefined} */
let server;

/** @type {Record<string, Uint8Array>} */
let files = {};

const playground = Playground.create({ assets: "./" });
// The rejection is reported where the promise is awaited.
playground.catch(() => {});

const socket = new WebSocket(`ws://${location.host}/bridge?${location.hash.slice(1)}`);
socket.binaryType = "arraybuffer";

const bridge = new Bridge(
  (message) => socket.send(message),
  () =>
    server ? server.connect() : Promise.reject(new Error("The server does not accept connections yet.")),
);

/** Each waits for the one before: files are there before the server starts. */
let steps = Promise.resolve();

socket.addEventListener("message", ({ data }) => {
  for (const frame of decode(data)) {
    switch (frame.kind) {
      case Kind.FILE: {
        const { path, contents } = fileOf(frame.payload);
        files[path] = contents;
        break;
      }
      case Kind.WRITE_FILES: {
        const written = files;
        files = {};
        step(async () => (await playground).writeFiles(written));
        break;
      }
      case Kind.START: {
        const words = textOf(frame.payload).split("\0");
        step(() => start(words));
        break;
      }
      case Kind.SIGNAL: {
        // Those to a server that has just exited have nobody to reach.
        server?.signal(textOf(frame.payload)).catch(() => {});
        break;
      }
      default:
        bridge.receive(frame);
    }
  }
});

// Without `cargo xtask run` nobody needs the browser.
socket.addEventListener("close", () => window.close());

for (const type of ["error", "unhandledrejection"]) {
  window.addEventListener(type, (event) => {
    const error = "reason" in event ? event.reason : "message" in event ? event.message : type;
    bridge.send(log(true, `xtask: an error in the page: ${error}`));
  });
}

/** @param {() => Promise<void>} work one step, after all before */
function step(work) {
  steps = steps.then(work).catch((error) => bridge.send(text(Kind.FAILED, String(error?.stack ?? error))));
}

/** @param {string[]} words the server's command line */
async function start(words) {
  const ready = await playground;
  try {
    server = await ready.start(words);
  } catch (error) {
    if (!(error instanceof ServerExit)) throw error;
    for (const line of error.log) bridge.send(log(true, line));
    bridge.send(exit(error.code));
    return;
  }
  server.addEventListener("log", (event) => {
    const { line, stream } = /** @type {CustomEvent} */ (event).detail;
    bridge.send(log(stream === "stderr", line));
  });
  server.addEventListener("exit", (event) =>
    bridge.send(exit(/** @type {CustomEvent} */ (event).detail.code)),
  );
  bridge.send(bare(Kind.READY));
}
