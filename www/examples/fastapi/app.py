import asyncio
import os
import threading
import time

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()


@app.get("/")
async def index():
    return {"hello": "FastAPI"}


@app.get("/items/{item}")
async def read_item(item: int, q: str | None = None):
    """Try /items/seven: the answer says what is wrong."""
    return {"item": item, "q": q}


class Order(BaseModel):
    name: str
    count: int = 1


@app.post("/orders", status_code=201)
async def create_order(order: Order):
    return {"created": order, "served_by": who()}


@app.get("/sleep")
async def sleep():
    """Waits on the event loop, which serves others meanwhile."""
    await asyncio.sleep(0.5)
    return {"served_by": who()}


@app.get("/block")
async def block():
    """A blocking call in `async def` stops everybody else in this process."""
    time.sleep(0.5)
    return {"served_by": who()}


@app.get("/thread")
def thread():
    """The same call in `def` runs in a thread, so it stops nobody."""
    time.sleep(0.5)
    return {"served_by": who()}


@app.get("/cpu")
def cpu():
    x = 0
    for i in range(3_000_000):
        x = (x * 31 + i) % 1_000_003
    return {"served_by": who(), "result": x}


@app.get("/stream")
async def stream():
    async def parts():
        for i in range(5):
            yield f"data: part {i}\n\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(parts(), media_type="text/event-stream")


@app.post("/upload")
async def upload(request: Request):
    size = 0
    async for part in request.stream():
        size += len(part)
    return {"served_by": who(), "bytes": size}


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"
