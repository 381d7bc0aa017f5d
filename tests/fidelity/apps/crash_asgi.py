# ASGI: handlers that end their process, or try to.
import asyncio
import os
import signal
import sys
import time

from common import U, who


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path = scope["path"]
    if path == "/exit":
        os._exit(1)
    elif path == "/exit3":
        os._exit(3)
    elif path == "/sysexit":
        sys.exit(1)
    elif path == "/kill":
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(U)
    elif path == "/term":
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(U)
    elif path == "/boom":
        raise RuntimeError("boom")
    elif path == "/asleep":
        await asyncio.sleep(U)
    body = who().encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
