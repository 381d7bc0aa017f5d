"""What is loaded while something fails. As a WSGI app `app`, as an ASGI app `asgi`."""

import asyncio
import os
import sys
import time

SLOW = 0.05


def recurse():
    return recurse() + 1


def nest():
    """C code that recurses until its stack ends, where nothing counts how deep it is."""
    nested = []
    for _ in range(200_000):
        nested = [nested]
    del nested


def allocate():
    held = []
    while True:
        held.append(bytes(1 << 24))


def spin():
    while True:
        pass


def flood(query):
    lines, size = map(int, query.split(","))
    line = "x" * size
    for _ in range(lines):
        print(line)
    sys.stdout.flush()


def fail(path, query):
    """Does what a request asks for that harms the process or another."""
    match path:
        case "/kill":
            pid, number = map(int, query.split(","))
            os.kill(pid or os.getpid(), number)
        case "/abort":
            os.abort()
        case "/exit":
            os._exit(int(query))
        case "/recurse":
            recurse()
        case "/nest":
            nest()
        case "/allocate":
            allocate()
        case "/spin":
            print("spins", flush=True)
            spin()
        case "/flood":
            flood(query)


def kill_soon(query):
    """A worker that is to stop, and is killed as it does."""
    print("waits", flush=True)
    time.sleep(float(query))
    os.kill(os.getpid(), 9)


def app(environ, start_response):
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path == "/slow":
        time.sleep(SLOW)
    elif path == "/wait":
        print("waits", flush=True)
        time.sleep(float(query))
    elif path == "/die-late":
        kill_soon(query)
    else:
        fail(path, query)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    if path == "/stream":
        return (f"{part} {query}\n".encode() for part in range(20))
    return [body or f"{path} {query}".encode()]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    path, query = scope["path"], scope["query_string"].decode()
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if path == "/slow":
        await asyncio.sleep(SLOW)
    elif path == "/wait":
        print("waits", flush=True)
        await asyncio.sleep(float(query))
    elif path == "/die-late":
        kill_soon(query)
    else:
        fail(path, query)
    headers = [(b"content-type", b"text/plain"), (b"x-pid", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path == "/stream":
        for part in range(20):
            data = f"{part} {query}\n".encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": body or f"{path} {query}".encode()})
