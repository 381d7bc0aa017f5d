"""An ASGI application without a framework: one coroutine function."""

import asyncio
import os
import time


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        route = ROUTES.get(scope["path"], not_found)
        await route(scope, receive, send)


async def lifespan(receive, send):
    """Startup and shutdown of the process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            print(f"process {os.getpid()} starts up", flush=True)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            print(f"process {os.getpid()} shuts down", flush=True)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def index(scope, receive, send):
    await answer(send, f"Hello from process {os.getpid()}\n")


async def sleep(scope, receive, send):
    """Waits without blocking: the event loop serves others meanwhile."""
    await asyncio.sleep(0.5)
    await answer(send, "slept for half a second\n")


async def block(scope, receive, send):
    """Waits and blocks: nobody else is served by this process meanwhile."""
    time.sleep(0.5)
    await answer(send, "blocked the event loop for half a second\n")


async def gather(scope, receive, send):
    """Three waits at the same time take as long as one."""
    await asyncio.gather(*(asyncio.sleep(0.5) for _ in range(3)))
    await answer(send, "three sleeps of half a second each\n")


async def stream(scope, receive, send):
    await start(send)
    for i in range(5):
        part = f"part {i}\n".encode()
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0.2)
    await send({"type": "http.response.body"})


async def upload(scope, receive, send):
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, f"read {size} bytes\n")


async def not_found(scope, receive, send):
    await answer(send, "There are " + ", ".join(ROUTES) + "\n", status=404)


async def start(send, status=200):
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def answer(send, text, status=200):
    await start(send, status)
    await send({"type": "http.response.body", "body": text.encode()})


ROUTES = {
    "/": index,
    "/sleep": sleep,
    "/block": block,
    "/gather": gather,
    "/stream": stream,
    "/upload": upload,
}
