// What apps find in the module gevent: green threads that are killed and timed out, events, queues,
// pools.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openPage } from "./page.js";

/**
 * An expression of functions in the app, and what it is on gevent's own loop (measured with gevent
 * 26.9).
 * @type {[string, string, string | RegExp][]}
 */
const CASES = [
  ["a time-out ends a sleep", "timed(Timeout(0.05))", "Timeout: 0.05 seconds"],
  ["one of False is silent", "timed(Timeout(0.05, False))", "None"],
  [
    "one of another exception raises that",
    'timed(Timeout(0.05, ValueError("mine")))',
    "ValueError: mine",
  ],
  ["a time-out ends the wait for a lock, which can be taken later", "locked()", "[False, True]"],
  ["a time-out ends the wait for a queue", "queued()", "Timeout: 0.05 seconds"],
  ["code that does not wait is not interrupted", "computed()", "'computed'"],
  ["a time-out that is over is not raised later", "over()", "'nothing'"],
  ["nested ones are told apart", "nested()", "[True, True, False]"],
  [
    "with_timeout returns its value",
    'gevent.with_timeout(0.05, gevent.sleep, 5, timeout_value="late")',
    "'late'",
  ],
  ["kill ends a green thread where it waits", "killed()", "[GreenletExit(), None, True, True]"],
  ["a killed one may catch it", "killed(catches)", "['caught', None, True, True]"],
  [
    "kill with an exception is a failure",
    'killed(exception=KeyError("k"))',
    "[None, KeyError('k'), False, True]",
  ],
  ["one that has not begun never does", "never()", "[[], GreenletExit(), True]"],
  ["kill waits no longer than asked", "stubborn()", "[False, True]"],
  ["killall ends all", "all_killed()", "[True, True, True]"],
  [
    "get raises what the thread raised",
    "gevent.spawn(int, 'x').get()",
    /^ValueError: invalid literal/,
  ],
  ["get times out", "gevent.spawn(gevent.sleep, 5).get(timeout=0.05)", "Timeout: 0.05 seconds"],
  [
    "joinall returns those that have ended",
    "len(gevent.joinall([gevent.spawn(gevent.sleep, 5), gevent.spawn(int)], timeout=0.05))",
    "1",
  ],
  [
    "iwait gives each as it ends",
    "[g.value for g in gevent.iwait([gevent.spawn_later(0.05, lambda: 2), gevent.spawn(lambda: 1)])]",
    "[1, 2]",
  ],
  ["links are called back", "linked()", "[('value', 5), ('any', 5)]"],
  [
    "an AsyncResult takes a green thread's outcome",
    "outcome()",
    "[7, ZeroDivisionError('division by zero')]",
  ],
  ["an Event wakes all", "woken()", "[True, True]"],
  ["a bounded queue is full, and a queue ends by StopIteration", "bounded()", "['Full', [1, 2]]"],
  ["a channel hands over", "channel()", "'over'"],
  ["a pool has room for so many", "pooled()", "[[0, 2, 4, 6], [3, 1], [1, 3], 2, 'PoolFull']"],
  [
    "the running one is a Greenlet and knows itself",
    "gevent.spawn(lambda: gevent.getcurrent()).get().ready()",
    "True",
  ],
  [
    "what is patched is said",
    "[monkey.is_module_patched('socket'), monkey.is_module_patched('json')]",
    "[True, False]",
  ],
  ["what is not there is named", "gevent.core", /^AttributeError: wasgi's gevent has no core: /],
  [
    "gevent's sockets are refused",
    "__import__('gevent.socket')",
    /^ImportError: wasgi has no gevent\.socket: a browser tab/,
  ],
];

const APP = `
from gevent import monkey; monkey.patch_all()
import gevent, sys, threading, time
from gevent import Greenlet, GreenletExit, Timeout
from gevent.event import AsyncResult, Event
from gevent.pool import Pool
from gevent.queue import Channel, Full, Queue

def timed(timeout):
    with timeout:
        gevent.sleep(5)

def locked():
    lock = threading.Lock()
    lock.acquire()
    with Timeout(0.05, False):
        lock.acquire()
    lock.release()
    return [lock.locked(), lock.acquire(False)]

def queued():
    with Timeout(0.05):
        Queue().get()

def computed():
    with Timeout(0.01):
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            pass
        return "computed"

def over():
    timeout = Timeout.start_new(0.02)
    timeout.cancel()
    with Timeout(0.02):
        pass
    gevent.sleep(0.06)
    return "nothing"

def nested():
    with Timeout(5) as outer:
        try:
            with Timeout(0.02) as inner:
                gevent.sleep(5)
        except Timeout as error:
            return [error is inner, outer.pending, inner.pending]

def catches():
    try:
        gevent.sleep(5)
    except GreenletExit:
        return "caught"

def killed(function=lambda: gevent.sleep(5), exception=GreenletExit):
    thread = gevent.spawn(function)
    gevent.sleep(0)
    thread.kill(exception)
    return [thread.value, thread.exception, thread.successful(), thread.ready()]

def never():
    begun = []
    thread = gevent.spawn(begun.append, 1)
    thread.kill()
    return [begun, thread.value, thread.dead]

def stubborn():
    def run():
        try:
            gevent.sleep(5)
        finally:
            gevent.sleep(0.1)
    thread = gevent.spawn(run)
    gevent.sleep(0)
    thread.kill(timeout=0.01)
    before = thread.ready()
    thread.join()
    return [before, thread.ready()]

def all_killed():
    threads = [gevent.spawn(gevent.sleep, 5) for _ in range(3)]
    gevent.sleep(0)
    gevent.killall(threads)
    return [thread.dead for thread in threads]

def linked():
    heard = []
    thread = gevent.spawn(lambda: 5)
    thread.link_value(lambda source: heard.append(("value", source.value)))
    thread.link_exception(lambda source: heard.append(("exception", source.value)))
    thread.link(lambda source: heard.append(("any", source.value)))
    gevent.sleep(0.02)
    return heard

def outcome():
    good, bad = AsyncResult(), AsyncResult()
    gevent.spawn(lambda: 7).link(good)
    gevent.spawn(lambda: 1 / 0).link(bad)
    bad.wait()
    return [good.get(), bad.exception]

def woken():
    event = Event()
    threads = [gevent.spawn(event.wait, 5) for _ in range(2)]
    gevent.sleep(0)
    event.set()
    event.clear()
    return [thread.get() for thread in threads]

def bounded():
    queue = Queue(2)
    queue.put(1)
    queue.put(2)
    try:
        queue.put(3, timeout=0.02)
    except Full as error:
        full = type(error).__name__
    gevent.spawn(queue.put, StopIteration)
    return [full, list(queue)]

def channel():
    channel = Channel()
    gevent.spawn(channel.put, "over")
    return channel.get()

def pooled():
    pool = Pool(2)
    answers = [pool.map(lambda x: x * 2, range(4)), list(pool.imap(abs, [3, 1])), sorted(pool.imap_unordered(abs, [3, 1]))]
    answers.append(pool.free_count())
    pool.spawn(gevent.sleep, 5)
    pool.spawn(gevent.sleep, 5)
    try:
        pool.add(Greenlet(), blocking=False)
    except Exception as error:
        answers.append(type(error).__name__)
    pool.kill()
    return answers

def app(environ, start_response):
    code = environ["wsgi.input"].read().decode()
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/leave":
        gevent.spawn(sys.exit, 0)
        gevent.sleep(5)
    try:
        answer = repr(eval(code))
    except BaseException as error:
        answer = f"{type(error).__name__}: {error}"
    return [answer.encode()]
`;

const page = await openPage({ "app.py": APP });

describe("in the module gevent", { timeout: 120_000 }, () => {
  /** @type {import("../playground.js").RunningServer} */
  let server;
  before(async () => {
    server = await page.start("gunicorn -k gevent app:app");
  });
  after(() => server?.stop());

  for (const [what, code, expected] of CASES) {
    test(what, async () => {
      const { text } = await server.fetch("/", { method: "POST", body: code });
      if (typeof expected === "string") assert.equal(text, expected);
      else assert.match(text, expected);
    });
  }

  test("an exception that nobody catches is printed with its green thread", async () => {
    await server.fetch("/", { method: "POST", body: "gevent.spawn(int, 'x').join()" });
    await server.logged(/^\S+Z <Greenlet at 0x\w+: .+> failed with ValueError$/);
  });

  test("a green thread that exits ends the worker", async () => {
    const lost = await server.run(({ server: running }) =>
      running.fetch("/leave").then(String, (error) => error.name),
    );
    assert.equal(lost, "ConnectionLost");
    await server.logged(/Worker exiting/);
    assert.equal((await server.fetch("/", { method: "POST", body: "1" })).text, "1");
  });
});

describe("a master that loads the app", { timeout: 60_000 }, () => {
  for (const command of [
    "gunicorn -k gevent --preload app:app",
    "gunicorn -k gevent --preload -c conf.py app:app",
  ]) {
    test(`has the module gevent too: \`${command}\``, async () => {
      await page.write({ "conf.py": "workers = 2\n" });
      const server = await page.start(command);
      const { text } = await server.fetch("/", { method: "POST", body: "timed(Timeout(0.02))" });
      assert.equal(text, "Timeout: 0.02 seconds");
      await server.stop();
    });
  }
});
