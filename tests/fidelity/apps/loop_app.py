# ASGI: what asyncio offers to handlers.
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from common import U, busy, who

POOL = ThreadPoolExecutor(2)
LOCK = asyncio.Lock()
SEMAPHORE = asyncio.Semaphore(2)
EVENT = asyncio.Event()
QUEUE = asyncio.Queue()
WORKERS = []


async def worker():
    while True:
        future = await QUEUE.get()
        await asyncio.sleep(U)
        future.set_result(None)


async def handle(path):
    loop = asyncio.get_running_loop()
    if path == "/executor":
        await loop.run_in_executor(None, time.sleep, U)
    elif path == "/executor2":
        await loop.run_in_executor(POOL, time.sleep, U)
    elif path == "/executorcpu":
        await loop.run_in_executor(None, busy)
    elif path == "/lock":
        async with LOCK:
            await asyncio.sleep(U)
    elif path == "/semaphore":
        async with SEMAPHORE:
            await asyncio.sleep(U)
    elif path == "/event":
        await asyncio.wait_for(EVENT.wait(), 10)
    elif path == "/set":
        EVENT.set()
    elif path == "/queue":
        if not WORKERS:
            WORKERS.append(asyncio.create_task(worker()))
        future = loop.create_future()
        QUEUE.put_nowait(future)
        await future
    elif path == "/timeout":
        try:
            async with asyncio.timeout(U):
                await asyncio.sleep(10)
        except TimeoutError:
            pass
    elif path == "/group":
        async with asyncio.TaskGroup() as group:
            for part in range(3):
                group.create_task(asyncio.sleep(U * (part + 1)))
    elif path == "/first":
        tasks = [asyncio.create_task(asyncio.sleep(U * (part + 1))) for part in range(3)]
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
    elif path == "/background":
        WORKERS.append(asyncio.create_task(asyncio.sleep(2 * U)))
    elif path == "/blockingtask":

        async def block():
            time.sleep(U)

        WORKERS.append(asyncio.create_task(block()))
    elif path == "/subtle":
        await asyncio.sleep(U / 2)
        time.sleep(U / 2)
    elif path == "/asleep":
        await asyncio.sleep(U)
    elif path == "/bsleep":
        time.sleep(U)
    elif path == "/cpu":
        busy()
    elif path == "/politecpu":
        for _ in range(10):
            busy(600000)
            await asyncio.sleep(0)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path = scope["path"]
    if path == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in range(5):
            text = f"{part} {who()}\n".encode()
            await send({"type": "http.response.body", "body": text, "more_body": True})
            await asyncio.sleep(U * 0.4)
        await send({"type": "http.response.body", "body": b""})
        return
    if path == "/disconnect":
        # Until the client goes away, and then a while.
        while (await receive())["type"] != "http.disconnect":
            pass
        EVENT.set()
        return
    await handle(path)
    body = who().encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
