import asyncio
import os
import threading
import time

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route


async def index(request):
    return HTMLResponse(
        "<!doctype html><title>Starlette</title>"
        "<h1>Hello from Starlette</h1>"
        "<p>This page was made in your browser.</p>"
    )


async def sleep(request):
    """Waits on the event loop, which serves others meanwhile."""
    await asyncio.sleep(0.5)
    return JSONResponse({"served_by": who()})


async def block(request):
    """A blocking call in a coroutine stops everybody else in this process."""
    time.sleep(0.5)
    return JSONResponse({"served_by": who()})


def thread(request):
    """A plain function runs in a thread, so the same call stops nobody."""
    time.sleep(0.5)
    return JSONResponse({"served_by": who()})


def cpu(request):
    x = 0
    for i in range(3_000_000):
        x = (x * 31 + i) % 1_000_003
    return JSONResponse({"served_by": who(), "result": x})


async def stream(request):
    async def parts():
        for i in range(5):
            yield f"data: part {i}\n\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(parts(), media_type="text/event-stream")


async def upload(request):
    size = 0
    async for part in request.stream():
        size += len(part)
    return JSONResponse({"served_by": who(), "bytes": size})


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"


app = Starlette(
    routes=[
        Route("/", index),
        Route("/sleep", sleep),
        Route("/block", block),
        Route("/thread", thread),
        Route("/cpu", cpu),
        Route("/stream", stream),
        Route("/upload", upload, methods=["POST"]),
    ]
)
