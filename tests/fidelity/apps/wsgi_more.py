# WSGI: big answers, bodies that nobody reads, and iterables that take their time.
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from common import U, busy, who


def big(size):
    return [(who() + "\n").encode().ljust(size, b"x")]


def parts(size):
    yield (who() + "\n").encode()
    for _ in range(size // 65536):
        yield b"x" * 65536


class Closing:
    def __init__(self):
        self.parts = iter([who().encode()])

    def __iter__(self):
        return self.parts

    def close(self):
        time.sleep(U)


def lazy():
    time.sleep(U)
    yield who().encode()


async def gather():
    await asyncio.gather(*(asyncio.sleep(U) for _ in range(3)))


async def to_threads(count):
    await asyncio.gather(*(asyncio.to_thread(time.sleep, U) for _ in range(count)))


def pool8():
    with ThreadPoolExecutor() as pool:
        list(pool.map(time.sleep, [U] * 8))


PATHS = {
    "/sleep": lambda: time.sleep(U),
    "/sleep4": lambda: time.sleep(4),
    "/cpu": busy,
    "/gather": lambda: asyncio.run(gather()),
    "/tothreads": lambda: asyncio.run(to_threads(8)),
    "/pool8": pool8,
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    head = [("Content-Type", "text/plain")]
    if path == "/big":
        start_response("200 OK", [*head, ("Content-Length", str(8 << 20))])
        return big(8 << 20)
    if path == "/big1":
        start_response("200 OK", [*head, ("Content-Length", str(1 << 20))])
        return big(1 << 20)
    if path == "/bigstream":
        start_response("200 OK", head)
        return parts(8 << 20)
    if path == "/closing":
        start_response("200 OK", [*head, ("Content-Length", str(len(who())))])
        return Closing()
    if path == "/lazy":
        start_response("200 OK", head)
        return lazy()
    if path == "/write":
        write = start_response("200 OK", head)
        for _ in range(3):
            write(f"{who()}\n".encode())
            time.sleep(U)
        return []
    text = who()
    if path == "/echo":
        text = f"{len(environ['wsgi.input'].read())} {who()}"
    elif path == "/part":
        text = f"{len(environ['wsgi.input'].read(10))} {who()}"
    elif path == "/line":
        text = f"{len(environ['wsgi.input'].readline())} {who()}"
    else:
        PATHS.get(path, int)()
    body = text.encode()
    start_response("200 OK", [*head, ("Content-Length", str(len(body)))])
    return [body]
