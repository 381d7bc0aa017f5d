# FastAPI: dependencies, background tasks, streams, uploads.
import asyncio
import time
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import StreamingResponse

from common import U, busy, who

app = FastAPI()


def slow_dependency():
    time.sleep(U)
    return who()


async def async_dependency():
    await asyncio.sleep(U)
    return who()


def resource():
    time.sleep(U / 2)
    yield who()
    time.sleep(U / 2)


@app.get("/dependency")
async def dependency(value: Annotated[str, Depends(slow_dependency)]):
    return who()


@app.get("/dependencies")
async def dependencies(
    one: Annotated[str, Depends(slow_dependency)], two: Annotated[str, Depends(async_dependency)]
):
    return who()


@app.get("/resource")
def with_resource(value: Annotated[str, Depends(resource)]):
    return who()


@app.get("/background")
def background(tasks: BackgroundTasks):
    tasks.add_task(time.sleep, 2 * U)
    return who()


async def block():
    time.sleep(2 * U)


@app.get("/blocking-background")
async def blocking_background(tasks: BackgroundTasks):
    tasks.add_task(block)
    return who()


@app.get("/stream")
def stream():
    def parts():
        for part in range(5):
            yield f"{part} {who()}\n"
            time.sleep(U * 0.4)

    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/sync")
def sync_endpoint():
    time.sleep(U)
    return who()


@app.get("/async")
async def async_endpoint():
    await asyncio.sleep(U)
    return who()


@app.get("/blocking")
async def blocking_endpoint():
    time.sleep(U)
    return who()


@app.get("/cpu")
def cpu():
    busy()
    return who()


@app.get("/fast")
async def fast():
    return who()


@app.post("/upload")
async def upload(request: Request):
    size = 0
    async for part in request.stream():
        size += len(part)
    return f"{size} {who()}"


@app.get("/boom")
def boom():
    raise RuntimeError("boom")
