"""What an app meets that has but one thread: each path answers with what happened."""

import asyncio
import threading
import time


def starting():
    threading.Thread(target=print).start()


def lock_with_timeout():
    lock = threading.Lock()
    lock.acquire()
    begun = time.monotonic()
    taken = lock.acquire(timeout=0.05)
    return f"taken: {taken}, waited: {time.monotonic() - begun >= 0.05}"


def lock_for_ever():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def own_loop():
    async def twice():
        await asyncio.gather(asyncio.sleep(0.05), asyncio.sleep(0.05))
        return "slept twice"

    return asyncio.run(twice())


def app(environ, start_response):
    start_response("200 OK", [])
    try:
        result = globals()[environ["PATH_INFO"][1:]]()
    except RuntimeError as error:
        result = f"RuntimeError: {error}"
    yield str(result).encode()


def streamed(environ, start_response):
    """As many bytes as asked for: more than a client takes at once."""
    start_response("200 OK", [])
    size = len(environ["wsgi.input"].read())
    for _ in range(size // 1000):
        yield b"x" * 1000
