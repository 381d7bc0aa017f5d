/**
 * Stands in for www/wasgi.js where the bridge itself is tested: a server whose connections do what their first line says.
 *
 * The command line decides how it starts: `serve`, `fail CODE` (exits while it starts), `refuse` (its connections are
 * refused). Signals are logged; TERM makes it exit with code 7, INT with 130 unless the command line has `stubborn`.
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

  static async create() {
    return new Playground();
  }

  async writeFiles(files) {
    Object.assign(this.#files, files);
    for (const path of Object.keys(files)) this.#server?.log(`changed ${path}: ${this.read(path)}`);
  }

  read(path) {
    return decoder.decode(this.#files[path]);
  }

  async start(words) {
    if (words[0] === "fail") throw new ServerExit(Number(words[1]), ["cannot import app", "exiting"]);
    this.#server = new Server(words, this);
    queueMicrotask(() => {
      this.#server.log(`words ${JSON.stringify(words)}`);
      this.#server.log(`files ${Object.keys(this.#files).sort().join(" ")}`);
    });
    return this.#server;
  }
}

class Server extends EventTarget {
  #words;
  #connections = 0;

  constructor(words) {
    super();
    this.#words = words;
  }

  log(line) {
    this.dispatchEvent(new CustomEvent("log", { detail: { line, stream: "stderr" } }));
  }

  #exit(code) {
    this.dispatchEvent(new CustomEvent("exit", { detail: { code } }));
  }

  async signal(name) {
    this.log(`signal ${name}`);
    if (name === "TERM") this.#exit(7);
    if (name === "INT" && !this.#words.includes("stubborn")) this.#exit(130);
    if (name === "USR1") {
      // The last bytes of a server that exits at once.
      this.#exit(9);
    }
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
