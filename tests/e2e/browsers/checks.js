// Runs in any browser, without a driver: asks for one thing after another to do, does it and tells
// how it went.

export {};

/**
 * @typedef {object} Check
 * @property {Record<string, string>} files
 * @property {string} command
 * @property {Record<string, string>} [env]
 * @property {Request[]} requests made one after the other
 *
 * @typedef {object} Request
 * @property {string} path
 * @property {string} [method]
 * @property {string} [body]
 * @property {Record<string, string>} [change] files that are written before it
 * @property {string} [after] it waits for a line of the log with this
 * @property {string[]} [says] over a WebSocket, each message after the answer to the one before
 * @property {string} [hears] as an EventSource, events of this name until three have come
 *
 * @typedef {object} Realm what can be reached from the global object of a process
 * @property {string[]} found of what a worker has
 * @property {string[]} thawed what is not frozen
 * @property {string[]} names of the global object, that should not be there
 * @property {boolean} extensible
 * @property {number} reached how many objects
 *
 * @typedef {object} Outcome
 * @property {{ status: number, text: string }[]} answers of a WebSocket its code and all messages,
 * of an EventSource the ids of its events
 * @property {string[]} log
 * @property {Realm[]} realms of the processes that have started, where they are looked at
 * @property {number | null} code how the server ended
 * @property {string} [error] why it did not start
 */

/** @type {Realm[]} */
const realms = [];
new BroadcastChannel("realm").onmessage = ({ data }) => realms.push(data);

/** @typedef {import("../../../www/api/server.js").Server} Server */

/**
 * @param {Server} server
 * @param {string} path
 * @param {string[]} says
 */
function converse(server, path, says) {
  const socket = server.webSocket(path);
  const left = [...says];
  /** @type {string[]} */
  const heard = [];
  const next = () => {
    const message = left.shift();
    if (message === undefined) socket.close(1000);
    else socket.send(message);
  };
  socket.onopen = next;
  socket.onmessage = ({ data }) => {
    heard.push(String(data));
    next();
  };
  return new Promise((resolve) => {
    socket.onclose = ({ code }) => resolve({ status: code, text: heard.join() });
  });
}

/**
 * @param {Server} server
 * @param {string} path
 * @param {string} name
 */
function listen(server, path, name) {
  const source = server.eventSource(path);
  /** @type {string[]} */
  const ids = [];
  return new Promise((resolve) => {
    source.addEventListener(name, (event) => {
      ids.push(/** @type {MessageEvent} */ (event).lastEventId);
      if (ids.length < 3) return;
      source.close();
      resolve({ status: 200, text: ids.join() });
    });
  });
}

/**
 * @param {Check} check
 * @returns {Promise<Outcome>}
 */
async function run({ files, command, env, requests }) {
  /** @type {Outcome} */
  const outcome = { answers: [], log: [], realms, code: null };
  try {
    await playground.writeFiles(files);
    const server = await playground.start(command, {
      env,
      onLog: ({ line }) => outcome.log.push(line),
    });
    for (const { path, change, after, says, hears, ...init } of requests) {
      if (change) await playground.writeFiles(change);
      while (after && !outcome.log.some((line) => line.includes(after))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (says) {
        outcome.answers.push(await converse(server, path, says));
      } else if (hears) {
        outcome.answers.push(await listen(server, path, hears));
      } else {
        const response = await server.fetch(path, init);
        outcome.answers.push({ status: response.status, text: await response.text() });
      }
    }
    ({ code: outcome.code } = await server.stop());
  } catch (error) {
    outcome.error = String(error);
    if (error && typeof error === "object" && "code" in error) outcome.code = Number(error.code);
  }
  return outcome;
}

/** @type {typeof import("../../../www/wasgi.js")} */
const { Playground } = await import(new URL("../wasgi.js", location.href).href);
const playground = await Playground.create({ assets: "../" });

const worker = new Worker("worker.js");
const jspi = await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
worker.terminate();

/** @type {unknown} */
let done = { jspi, isolated: crossOriginIsolated, agent: navigator.userAgent };
for (;;) {
  const answer = await fetch("exchange", { method: "POST", body: JSON.stringify(done) });
  done = await run(await answer.json());
}
