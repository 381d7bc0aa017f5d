"""Server-sent events from an ASGI app: each client that listens is a task of the event loop."""

import asyncio
import os
import time

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

listening = 0


async def ticks(request):
    global listening
    # A client that comes back says which event was its last.
    first = int(request.headers.get("last-event-id", 0)) + 1

    async def stream():
        global listening
        listening += 1
        try:
            yield "retry: 1000\n\n"
            for number in range(first, first + 10):
                now = time.strftime("%H:%M:%S")
                yield f"id: {number}\nevent: tick\ndata: {now} from process {os.getpid()}\n\n"
                await asyncio.sleep(0.5)
            yield "data: that was all\n\n"
        finally:
            # The client has left, or has had all.
            listening -= 1

    return StreamingResponse(stream(), media_type="text/event-stream")


async def index(request):
    return PlainTextResponse(f"{listening} listening to process {os.getpid()}\n")


app = Starlette(routes=[Route("/", index), Route("/events", ticks)])
