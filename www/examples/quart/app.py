import asyncio
import os
import threading
import time

from quart import Quart, request, session

app = Quart(__name__)
app.secret_key = "only for trying things out"


@app.get("/")
async def index():
    return (
        "<!doctype html><title>Quart</title>"
        "<h1>Hello from Quart</h1>"
        "<p>This page was made in your browser.</p>"
    )


@app.get("/sleep")
async def sleep():
    """Waits on the event loop, which serves others meanwhile."""
    await asyncio.sleep(0.5)
    return {"served_by": who()}


@app.get("/block")
async def block():
    """A blocking call in a coroutine stops everybody else in this process."""
    time.sleep(0.5)
    return {"served_by": who()}


@app.get("/stream")
async def stream():
    async def parts():
        for i in range(5):
            yield f"data: part {i}\n\n"
            await asyncio.sleep(0.2)

    return parts(), {"content-type": "text/event-stream"}


@app.get("/count")
async def count():
    """Counts in the session, which is a signed cookie."""
    session["count"] = session.get("count", 0) + 1
    return {"count": session["count"]}


@app.post("/task")
async def task():
    """Answers at once; the work goes on in the background, as the log shows."""
    name = (await request.form)["name"]

    async def work():
        await asyncio.sleep(1)
        print(f"The {name} is ready.", flush=True)

    app.add_background_task(work)
    return {"started": name}, 202


@app.post("/upload")
async def upload():
    return {"served_by": who(), "bytes": len(await request.get_data())}


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"
