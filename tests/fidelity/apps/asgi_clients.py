# ASGI: big answers, bodies that nobody reads, and many threads.
import asyncio
import time

import asgi_basic
from common import U, who


def start(length=None):
    fields = [(b"content-type", b"text/plain")]
    if length is not None:
        fields.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": 200, "headers": fields}


async def app(scope, receive, send):
    path = scope.get("path")
    if path in ("/big", "/big1"):
        size = (8 if path == "/big" else 1) << 20
        await send(start(size))
        await send({"type": "http.response.body", "body": (who() + "\n").encode().ljust(size, b"x")})
    elif path == "/bigstream":
        await send(start())
        await send({"type": "http.response.body", "body": (who() + "\n").encode(), "more_body": True})
        for _ in range(128):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    elif path == "/bstream":
        await send(start())
        for _ in range(3):
            body = (who() + "\n").encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})
            time.sleep(U)
        await send({"type": "http.response.body", "body": b""})
    elif path in ("/tothreads8", "/asleep4", "/asleep8u", "/shielded"):
        if path == "/tothreads8":
            await asyncio.gather(*(asyncio.to_thread(time.sleep, U) for _ in range(8)))
        elif path == "/asleep4":
            await asyncio.sleep(4)
        elif path == "/asleep8u":
            await asyncio.sleep(8 * U)
        elif path == "/shielded":
            try:
                await asyncio.wait_for(asyncio.shield(asyncio.sleep(3 * U)), U)
            except TimeoutError:
                pass
        body = who().encode()
        await send(start(len(body)))
        await send({"type": "http.response.body", "body": body})
    else:
        await asgi_basic.app(scope, receive, send)


def factory():
    return app
