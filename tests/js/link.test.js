import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Worker } from "node:worker_threads";

import { Bell } from "../../www/link/bell.js";
import { Link } from "../../www/link/link.js";

beforeEach(() => {
  Object.assign(globalThis, { crossOriginIsolated: true });
});

const FOLDER = new URL("../../www/link/", import.meta.url).href;

/** A port that keeps what is posted. */
class Port {
  /** @type {any[]} */
  posted = [];

  /** @param {any} message @param {Transferable[]} transfer */
  postMessage(message, transfer = []) {
    this.posted.push(structuredClone(message, { transfer: /** @type {any} */ (transfer) }));
  }
}

/** Both ends of a link in this thread. */
function pair() {
  const bells = [Bell.shared(), Bell.shared()];
  const [line, other] = Link.lines(bells[0], bells[1]);
  const ports = [new Port(), new Port()];
  return {
    here: new Link(ports[0], line),
    there: new Link(ports[1], other),
    /** What the first end posts comes here. */
    port: ports[0],
    bells: bells.map((state) => new Bell(state, () => {})),
    state: bells[1],
  };
}

/** @param {Link<object, object>} link */
function taken(link) {
  /** @type {any[]} */
  const messages = [];
  while (
    link.receive((message) =>
      messages.push(message instanceof Uint8Array ? message.slice() : message),
    )
  );
  return messages;
}

/**
 * A message whose bytes tell a cut or a mixed-up one.
 * @param {number} number
 * @param {number} length
 */
function message(number, length) {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = number * 31 + index * 7;
  return bytes;
}

test("messages come whole and in order, however often the ring has been gone round", () => {
  const { here, there, port } = pair();
  for (let number = 0; number < 3000; number++) {
    const sent = message(number, (number * 977) % 5000);
    here.send(sent);
    if (number % 3 === 0) here.sendJson({ number });
    const [bytes, object] = taken(there);
    assert.deepEqual(bytes, sent);
    assert.deepEqual(object, number % 3 === 0 ? { number } : undefined);
  }
  assert.deepEqual(port.posted, []);
});

test("what finds no place in the ring is posted, and comes in its turn", () => {
  const { here, there, port } = pair();
  const sent = Array.from({ length: 20 }, (_, number) => message(number, 40_000));
  for (const bytes of sent) here.send(bytes.slice());
  assert.ok(port.posted.length > 0 && port.posted.length < 20);
  const early = taken(there).length;
  assert.ok(early > 0 && early < 20);
  // The ring has place again, but these are behind those that are posted.
  here.send(message(20, 10));
  assert.equal(there.isReady(), false);
  const rest = [];
  for (const data of port.posted) {
    there.accept(data);
    rest.push(...taken(there));
  }
  assert.deepEqual([...sent.slice(early), message(20, 10)], rest);
});

test("a message that is larger than the ring is posted as a whole", () => {
  const { here, there, port } = pair();
  const sent = message(1, 1_000_000);
  here.send(sent.slice());
  assert.equal(there.isPosted(), true);
  there.accept(port.posted[0]);
  assert.equal(there.isPosted(), false);
  assert.deepEqual(taken(there), [sent]);
});

test("a view of other memory is left as it is", () => {
  const { here, port } = pair();
  const memory = new Uint8Array(300_000);
  here.send(memory.subarray(0, 290_000));
  assert.equal(memory.length, 300_000);
  assert.equal(port.posted[0][2].length, 290_000);
});

test("objects that JSON has no words for keep their place among bytes", () => {
  const { here, there, port } = pair();
  const files = new Map([["app.py", message(1, 10)]]);
  here.send(message(1, 5));
  here.post({ files });
  here.send(message(2, 5));
  assert.deepEqual(taken(there), [message(1, 5)]);
  there.accept(port.posted[0]);
  assert.deepEqual(taken(there), [{ files }, message(2, 5)]);
});

test("without shared memory everything is posted as it is", () => {
  Object.assign(globalThis, { crossOriginIsolated: false });
  const { here, there, port } = pair();
  here.send(message(1, 10));
  here.sendJson({ op: "log" });
  here.post({ op: "files" });
  assert.deepEqual(port.posted, [message(1, 10), { op: "log" }, { op: "files" }]);
  for (const data of port.posted) there.accept(data);
  assert.deepEqual(taken(there), port.posted);
});

/**
 * As in a browser that cannot wait on memory in its event loop.
 * @param {() => Promise<void> | void} body
 */
async function posting(body) {
  const { waitAsync } = Atomics;
  try {
    Reflect.deleteProperty(Atomics, "waitAsync");
    await body();
  } finally {
    Reflect.set(Atomics, "waitAsync", waitAsync);
  }
}

test("one who sleeps is called once, however many messages there are to take, and however often it has woken by itself", async () => {
  const { here, there, port, state } = pair();
  let calls = 0;
  const bell = new Bell(state, () => (calls += 1));
  for (let time = 0; time < 3; time++) {
    assert.equal(
      bell.sleep(() => there.isReady()),
      true,
    );
    bell.awake();
  }
  bell.sleep(() => there.isReady());
  here.send(message(1, 5));
  here.send(message(2, 5));
  assert.equal(calls, 0, "a call comes by the event loop");
  while (calls === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    bell.sleep(() => there.isReady()),
    false,
  );
  assert.equal(taken(there).length, 2);
  assert.deepEqual([calls, port.posted], [1, []]);
});

test("one who cannot wait on memory in its event loop is woken by one posted message", () =>
  posting(() => {
    const { here, there, port, state } = pair();
    const bell = new Bell(state, () => {});
    bell.sleep(() => there.isReady());
    here.send(message(1, 5));
    here.send(message(2, 5));
    assert.deepEqual(port.posted, [0]);
    assert.equal(taken(there).length, 2);
  }));

test("the messages of several links are taken in the order in which they were sent", () => {
  const mine = Bell.shared();
  const links = Array.from({ length: 3 }, () => {
    const [line, other] = Link.lines(mine, Bell.shared());
    return { reader: new Link(new Port(), line), writer: new Link(new Port(), other) };
  });
  const order = [2, 0, 1, 1, 0, 2, 2, 0];
  for (const index of order) links[index].writer.send(message(index, 3));
  const seen = order.map(() => {
    const ready = links.filter(({ reader }) => reader.isReady());
    const first = ready.reduce((a, b) => (b.reader.isBefore(a.reader) ? b : a));
    first.reader.receive(() => {});
    return links.indexOf(first);
  });
  assert.deepEqual(seen, order);
});

/**
 * Another thread that sends what it gets back, waiting in turn on the bell and in its event loop.
 */
const ECHO = `
import { parentPort, workerData } from "node:worker_threads";
globalThis.crossOriginIsolated = true;
if (workerData.posting) Reflect.deleteProperty(Atomics, "waitAsync");
const { Bell } = await import(workerData.folder + "bell.js");
const { Link } = await import(workerData.folder + "link.js");
const bell = new Bell(workerData.bell, () => work());
const link = new Link(parentPort, workerData.line);
const isReady = () => link.isReady();
const isCalled = () => link.isReady() || link.isPosted();
let rounds = 0;
const work = () => {
  for (;;) {
    bell.awake();
    while (link.receive((message) => link.send(message.slice())));
    rounds += 1;
    if (rounds % 3 && !link.isPosted()) bell.wait(isCalled, 1 + rounds % 5);
    else if (bell.sleep(isReady)) return;
  }
};
parentPort.on("message", (data) => { link.accept(data); work(); });
work();
`;

/** @param {boolean} posting whether nobody waits on memory in the event loop */
async function race(posting) {
  const bells = [Bell.shared(), Bell.shared()];
  const [line, other] = Link.lines(bells[0], bells[1]);
  const workerData = { folder: FOLDER, line: other, bell: bells[1], posting };
  const worker = new Worker(ECHO, { eval: true, workerData });
  /** @type {(error: unknown) => void} */
  let failed = () => {};
  const bell = new Bell(bells[0], () => {
    try {
      work();
    } catch (error) {
      failed(error);
    }
  });
  const link = new Link(/** @type {any} */ (worker), line);
  const total = 100_000;
  let sent = 0;
  let back = 0;
  /** @type {(error?: unknown) => void} */
  let done = () => {};
  // Some are larger than the ring, most are small; at times nothing is on its way, at times more
  // than fits.
  const length = (/** @type {number} */ number) =>
    number % 4001 === 0 ? 300_000 : number % 97 === 0 ? 20_000 : number % 60;
  const work = () => {
    do {
      bell.awake();
      while (
        link.receive((message_) => {
          const bytes = /** @type {Uint8Array} */ (message_);
          assert.equal(bytes.length, length(back));
          assert.deepEqual(bytes.slice(0, 60), message(back, Math.min(60, bytes.length)));
          back += 1;
        })
      );
      const ahead = 1 + (back % 7) * (back % 50);
      while (sent < total && sent - back < ahead) {
        link.send(message(sent, length(sent)));
        sent += 1;
      }
    } while (!bell.sleep(() => link.isReady()));
    if (back === total) done();
  };
  await new Promise((resolve, reject) => {
    done = resolve;
    failed = reject;
    worker.on("error", reject);
    worker.on("message", (data) => {
      try {
        link.accept(data);
        work();
      } catch (error) {
        reject(error);
      }
    });
    work();
  });
  await worker.terminate();
  assert.equal(back, total);
}

test("no message and no call is lost between threads that race", { timeout: 120_000 }, () =>
  race(false),
);

test("nor where only posted messages wake", { timeout: 120_000 }, () => posting(() => race(true)));

/** A thread that sends more than anybody takes, on a link that waits. */
const FLOOD = `
import { parentPort, workerData } from "node:worker_threads";
globalThis.crossOriginIsolated = true;
const { Link } = await import(workerData.folder + "link.js");
const link = new Link(parentPort, workerData.line, { waits: true });
for (const length of workerData.lengths) link.send(new Uint8Array(length));
`;

test("an end that waits sends no faster than the other receives", { timeout: 60_000 }, async () => {
  const bells = [Bell.shared(), Bell.shared()];
  const [line, other] = Link.lines(bells[0], bells[1]);
  const lengths = [
    ...Array.from({ length: 3000 }, (_, number) => 900 + (number % 200)),
    ...Array.from({ length: 40 }, () => 200_000),
    ...Array.from({ length: 1000 }, () => 5000),
  ];
  const workerData = { folder: FOLDER, line: other, bell: bells[1], lengths };
  const worker = new Worker(FLOOD, { eval: true, workerData });
  const link = new Link(/** @type {any} */ (worker), line);
  let posted = 0;
  let large = 0;
  let most = 0;
  worker.on("message", (data) => {
    if (Bell.isCall(data)) return;
    posted += 1;
    most = Math.max(most, posted - large);
    link.accept(data);
  });
  /** @type {number[]} */
  const received = [];
  while (received.length < lengths.length) {
    link.receive((message_) => {
      const { length } = /** @type {Uint8Array} */ (message_);
      if (length === 200_000) large += 1;
      received.push(length);
    });
    // The rest of this thread's work: it is slower than the other.
    if (received.length % 5 === 0 || !link.isReady())
      await new Promise((resolve) => setImmediate(resolve));
  }
  await worker.terminate();
  assert.deepEqual(received, lengths);
  assert.equal(posted, 40, "what has place in the ring is not posted");
  assert.ok(most <= 8, `${most} posted messages had not been received`);
});
