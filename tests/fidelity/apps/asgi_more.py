# ASGI: long calls, and work that goes on after the answer.
import asyncio
import time

import asgi_basic
from common import U, who


async def app(scope, receive, send):
    path = scope.get("path")
    if path == "/asleep4":
        await asyncio.sleep(4)
    elif path == "/spin4":
        end = time.monotonic() + 4
        while time.monotonic() < end:
            pass
    elif path not in ("/late", "/leaves"):
        return await asgi_basic.app(scope, receive, send)
    body = who().encode()
    fields = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})
    if path == "/late":
        await asyncio.sleep(2 * U)
