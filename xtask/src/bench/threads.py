"""What threads and event loops cost. Runs in the tab behind gunicorn, in plain Pyodide and on the
native interpreter.
"""

import asyncio
import json
import sys
import threading
import time

LONG = 1_000_000
"""Rounds of the loop that computes."""


def microseconds(times, work):
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) / times * 1e6


def hand_over():
    """A lock goes back and forth between two threads."""
    there, back = threading.Lock(), threading.Lock()
    back.acquire()
    times = 5000

    def ping():
        for _ in range(times):
            there.acquire()
            back.release()

    def pong():
        for _ in range(times):
            back.acquire()
            there.release()

    def both():
        threads = [threading.Thread(target=target) for target in (ping, pong)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return microseconds(2 * times, both)


def uncontended():
    lock = threading.Lock()

    def take():
        for _ in range(100_000):
            with lock:
                pass

    return microseconds(100_000, take)


def start_and_join():
    def run():
        for _ in range(300):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()

    return microseconds(300, run)


def compute():
    """Milliseconds that a loop takes which nobody disturbs: the best of ten, as others use the
    machine too.
    """
    best = float("inf")
    for _ in range(10):
        begin = time.perf_counter()
        x = 0
        for i in range(LONG):
            x += i
        best = min(best, (time.perf_counter() - begin) * 1e3)
    return best


def lateness(seconds, times):
    """How much too long sleeps take: the median and the 99th of a hundred, in milliseconds."""
    late = []
    for _ in range(times):
        begin = time.perf_counter()
        time.sleep(seconds)
        late.append((time.perf_counter() - begin - seconds) * 1e3)
    late.sort()
    return late[times // 2], late[times * 99 // 100]


async def calls(times=20_000):
    """call_soon's a second: each calls the next."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = times

    def step():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    begin = time.perf_counter()
    loop.call_soon(step)
    await done
    return times / (time.perf_counter() - begin)


async def turns(times=5000):
    """sleep(0)'s a second."""
    begin = time.perf_counter()
    for _ in range(times):
        await asyncio.sleep(0)
    return times / (time.perf_counter() - begin)


async def naps(times=200):
    """Milliseconds of a sleep of one."""
    begin = time.perf_counter()
    for _ in range(times):
        await asyncio.sleep(0.001)
    return (time.perf_counter() - begin) / times * 1e3


async def in_loop():
    """What any interpreter with a loop can measure."""
    return {
        "compute": compute(),
        "call_soon": await calls(),
        "sleep(0)": await turns(),
        "asyncio.sleep(0.001)": await naps(),
    }


def all_of_it():
    figures = asyncio.run(in_loop())
    figures["lock hand-over"] = hand_over()
    figures["uncontended lock"] = uncontended()
    figures["start + join"] = start_and_join()
    for seconds, times in ((0.001, 200), (0.005, 100), (0.05, 40)):
        median, worst = lateness(seconds, times)
        figures[f"sleep({seconds}) too long, median"] = median
        figures[f"sleep({seconds}) too long, 99 %"] = worst
    return figures


gate = threading.Event()


def crowd(count):
    """Milliseconds in which so many threads start that then wait."""
    begin = time.perf_counter()
    for _ in range(count):
        threading.Thread(target=gate.wait, daemon=True).start()
    return (time.perf_counter() - begin) * 1e3


def app(environ, start_response):
    path = environ["PATH_INFO"]
    answer = None
    if path == "/figures":
        answer = all_of_it()
    elif path == "/crowd":
        answer = {"started": crowd(int(environ["QUERY_STRING"])), "alive": threading.active_count()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


if __name__ == "__main__" and "pyodide" not in sys.modules:
    print(json.dumps(all_of_it()))
