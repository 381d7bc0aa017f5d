"""Mixes threads, asyncio, preemption, exceptions and interrupts for SECONDS, and looks for aborts,
hangs and a growing heap.

``cargo xtask soak --only threads`` runs it for some seconds, and for half an hour
``cargo xtask run --dir tests/soak/apps -- gunicorn --timeout 0 -e SECONDS=1800 mixed_threads:app``.
A line a minute, then "SOAKED" and exit code 4, with which gunicorn's master ends; anything else is
a failure.
"""

import _thread
import asyncio
import gc
import os
import queue
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pyodide.ffi import create_proxy, to_js

SECONDS = float(os.environ.get("SECONDS", "1800"))
ROUND = 2.0
"""Seconds of a round: then all threads of it have to have ended."""


class Expected(Exception):
    pass


counts: dict[str, int] = {}


def count(what):
    counts[what] = counts.get(what, 0) + 1


def locks(end):
    shared = threading.RLock()
    condition = threading.Condition(shared)
    inside = 0

    def work():
        nonlocal inside
        while time.monotonic() < end:
            with shared:
                inside += 1
                assert inside == 1, "two threads hold one lock"
                sum(range(random.randrange(3000)))
                inside -= 1
                if random.random() < 0.1:
                    condition.notify_all()
                elif random.random() < 0.1:
                    condition.wait(0.005)
            count("locks")

    return [work] * 3


def queues(end):
    items = queue.Queue(5)

    def put():
        while time.monotonic() < end:
            items.put(object())
            count("queue")
        items.put(None)

    def take():
        while items.get() is not None:
            if random.random() < 0.01:
                time.sleep(0.0005)

    return [put, take]


def loops(end):
    async def child(depth):
        await asyncio.sleep(random.random() * 0.002)
        if random.random() < 0.2:
            raise Expected
        if depth:
            async with asyncio.timeout(0.003):
                await asyncio.gather(child(depth - 1), child(depth - 1), return_exceptions=True)
        count("tasks")

    async def main():
        while time.monotonic() < end:
            await asyncio.gather(*(child(2) for _ in range(4)), return_exceptions=True)
            await asyncio.to_thread(time.sleep, 0.001)

    return [lambda: asyncio.run(main())] * 2


def errors(end):
    def recurse():
        return recurse() + 1

    def from_javascript(*_args):
        sum(range(2000))
        if random.random() < 0.5:
            raise Expected
        return 1

    def work():
        array = to_js([1, 2, 3])
        callback = create_proxy(from_javascript)
        while time.monotonic() < end:
            try:
                array.map(callback)
            except Exception as error:
                # What went through JavaScript comes back as it was, or wrapped.
                assert "Expected" in repr(error) or isinstance(error, Expected), error
                count("through JavaScript")
            try:
                recurse()
            except RecursionError:
                count("recursion")
            time.sleep(0.002)
        callback.destroy()

    return [work]


def pool(end):
    def work():
        while time.monotonic() < end:
            with ThreadPoolExecutor(4) as executor:
                for future in [
                    executor.submit(time.sleep, random.random() * 0.002) for _ in range(8)
                ]:
                    future.result()
            gc.collect()
            count("pools")

    return [work]


def interrupts(end):
    def work():
        while time.monotonic() < end:
            time.sleep(random.random() * 0.01)
            _thread.interrupt_main()
            count("interrupts sent")

    return [work]


armed = False
"""Whether an interrupt may raise now; it does once."""


def interrupted(_number, _frame):
    global armed
    count("interrupts")
    if armed:
        armed = False
        raise KeyboardInterrupt


def main_part(end):
    """What the main thread does while it is interrupted at any bytecode."""
    global armed
    lock = threading.Lock()
    while time.monotonic() < end:
        try:
            armed = True
            choice = random.randrange(4)
            if choice == 0:
                with lock:
                    sum(range(2000))
            elif choice == 1:
                time.sleep(0.002)
            elif choice == 2:
                lock.acquire(timeout=0.001)
                lock.release()
            else:
                for i in range(3000):
                    str(i)
            armed = False
        except KeyboardInterrupt:
            count("interrupts that raised")
            if lock.locked():
                # It landed between acquire() and release().
                lock.release()


def one_round(end):
    parts = [locks, queues, loops, errors, pool, interrupts]
    threads = [
        threading.Thread(target=work) for part in random.sample(parts, 4) for work in part(end)
    ]
    for thread in threads:
        thread.start()
    main_part(end)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"{thread} hangs"


def memory():
    """Objects that the garbage collector knows."""
    gc.collect()
    return len(gc.get_objects())


def soak():
    random.seed(os.environ.get("SEED"))
    sys.setswitchinterval(0.001)
    signal.signal(signal.SIGINT, interrupted)
    begun = time.monotonic()
    failures = []
    threading.excepthook = lambda args: failures.append(args.exc_value)
    base = 0
    minute = 0
    while time.monotonic() - begun < SECONDS:
        one_round(time.monotonic() + ROUND)
        if failures:
            raise failures[0]
        if time.monotonic() - begun > 60 * minute:
            minute += 1
            blocks = memory()
            base = base or blocks
            alive = threading.active_count()
            print(
                f"minute {minute}: {blocks} objects (at first {base}), {alive} threads, {counts}",
                flush=True,
            )
    blocks = memory()
    assert blocks < 1.3 * base, f"the heap has grown from {base} to {blocks} objects"
    print("SOAKED", flush=True)


soak()
raise SystemExit(4)


def app(environ, start_response):
    """gunicorn wants one."""
