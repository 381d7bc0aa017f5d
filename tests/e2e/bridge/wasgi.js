/**
 * Stands in for www/wasgi.js where the bridge itself is tested: a server whose connections do what their first line says.
 *
 * The command line decides how it starts: `serve`, `fail CODE` (exits while it starts), `never` (does not get to its end), `wait` (for a file `go`), `error` (a
 * mistake of the page), `refuse` (its connections are refused). Signals are logged; TERM makes it exit with code 7, INT with 0
 * unless the command line has `stubborn`.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ServerExit extends Error {
  name = "ServerExit";
  constructor(code, log) {
    super(`The server exited with code ${code}.`);
    this.code = code;
    this.log = log;
  }
}

export class Playground {
  #files = {};
  #server;
  #go;

  static async create() {
    return new Playground();
  }

  async writeFiles(files) {
    for (const [path, contents] of Object.entries(files)) {
      const text = contents && decoder.decode(contents);
      if (contents) this.#files[path] = text;
      else delete this.#files[path];
      if (path === "go") this.#go?.();
      this.#server?.log(contents ? `changed ${path}: ${text}` : `removed ${path}`);
    }
  }

  async start(words, { onLog }) {
    const log = (line, stream = "stderr") => onLog({ line, stream });
    log(`words ${JSON.stringify(words)}`, "stdout");
    log(`files ${Object.keys(this.#files).sort().join(" ")}`);
    if (words[0] === "fail") throw new ServerExit(Number(words[1]), []);
    if (words[0] === "never") await new Promise(() => {});
    if (words[0] === "wait") await new Promise((resolve) => (this.#go = resolve));
    if (words[0] === "error") throw new TypeError("This is a mistake.");
    this.#server = new Server(words, log);
    return this.#server;
  }
}

class Server extends EventTarget {
  #words;
  #connections = 0;

  constructor(words, log) {
    super();
    this.#words = words;
    this.log = log;
  }

  #exit(code) {
    this.dispatchEvent(new CustomEvent("exit", { detail: { code } }));
  }

  async signal(name) {
    this.log(`signal ${name}`);
    if (name === "TERM") this.#exit(7);
    if (name === "INT" && !this.#words.includes("stubborn")) this.#exit(0);
  }

  async connect() {
    if (this.#words[0] === "refuse") throw new Error("Connection refused");
    return connection(++this.#connections, this);
  }
}

/** A pipe that holds at most 64 KiB. */
function pipe() {
  const size = (bytes) => bytes.byteLength;
  return new TransformStream(undefined, { highWaterMark: 65536, size }, { highWaterMark: 0, size });
}

function connection(number, server) {
  const up = pipe();
  const down = pipe();
  const toServer = up.writable.getWriter();
  const toClient = down.writable.getWriter();
  for (const closed of [toServer.closed, toClient.closed]) closed.catch(() => {});
  const reset = (who) => {
    const error = new Error("Connection reset");
    toServer.abort(error).catch(() => {});
    toClient.abort(error).catch(() => {});
    server.log(`connection ${number} reset by ${who}`);
  };
  handle(up.readable.getReader(), toClient, () => reset("server"), number, server).catch((error) =>
    server.log(`connection ${number} ended: ${error.message}`),
  );
  return {
    readable: down.readable,
    async write(bytes) {
      await toServer.ready;
      toServer.write(bytes).catch(() => {});
      await toServer.ready;
    },
    end: () => toServer.close().catch(() => {}),
    reset: () => reset("client"),
  };
}

async function handle(reader, toClient, reset, number, server) {
  const send = async (bytes) => {
    await toClient.ready;
    toClient.write(bytes).catch(() => {});
  };
  const first = (await reader.read()).value;
  const end = first.indexOf(10);
  const [verb, argument] = decoder.decode(first.subarray(0, end)).split(" ");
  const rest = first.slice(end + 1);
  switch (verb) {
    case "echo": {
      if (rest.length > 0) await send(rest);
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        await send(value);
      }
      await toClient.close();
      break;
    }
    case "number":
      await send(encoder.encode(`${number}\n`));
      await toClient.close();
      break;
    case "count": {
      // Reads to the end, then answers: needs a half-closed connection.
      let total = rest.length;
      let sum = rest.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0);
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        total += value.length;
        for (const byte of value) sum = (sum * 31 + byte) >>> 0;
      }
      await send(encoder.encode(`${total} ${sum}\n`));
      await toClient.close();
      break;
    }
    case "send": {
      // So many bytes, each the low byte of its position's number of KiB.
      const total = Number(argument);
      let sent = 0;
      while (sent < total) {
        const length = Math.min(32768, total - sent);
        const bytes = new Uint8Array(length);
        for (let at = 0; at < length; at += 1024) bytes.fill((sent + at) >> 10, at, at + 1024);
        await send(bytes);
        sent += length;
        if (sent % (1 << 20) === 0) server.log(`connection ${number} sent ${sent}`);
      }
      await toClient.close();
      break;
    }
    case "bye": {
      // Ends its side first, and goes on reading.
      await toClient.close();
      let total = rest.length;
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        total += value.length;
      }
      server.log(`connection ${number} got ${total} after its end`);
      break;
    }
    case "stall":
      // Never reads again.
      break;
    case "reset":
      reset();
      break;
    case "last":
      // Answers while it exits.
      await send(encoder.encode("last words\n"));
      await toClient.close();
      await server.signal("TERM");
      break;
    case "hang":
      // The page's own thread never comes back.
      for (;;);
  }
}
