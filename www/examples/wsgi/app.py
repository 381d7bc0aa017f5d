"""A WSGI application without a framework: one callable (PEP 3333)."""

import os
import threading
import time


def app(environ, start_response):
    route = ROUTES.get(environ["PATH_INFO"], not_found)
    status, body = route(environ)
    if isinstance(body, str):
        body = [body.encode()]
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return body


def index(environ):
    return "200 OK", f"Hello from {who()}\n"


def sleep(environ):
    """Waits. A sync worker can do nothing else meanwhile."""
    time.sleep(0.5)
    return "200 OK", f"{who()} slept for half a second\n"


def cpu(environ):
    """Computes. It holds the GIL, so threads do not help; processes do."""
    x = 0
    for i in range(3_000_000):
        x = (x * 31 + i) % 1_000_003
    return "200 OK", f"{who()} computed {x}\n"


def stream(environ):
    """An iterable: every part is sent when it is there."""

    def parts():
        for i in range(5):
            yield f"part {i} from {who()}\n".encode()
            time.sleep(0.2)

    return "200 OK", parts()


def upload(environ):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    return "200 OK", f"{who()} read {len(body)} bytes\n"


def show_environ(environ):
    lines = [f"{key} = {value!r}" for key, value in sorted(environ.items())]
    return "200 OK", "\n".join(lines) + "\n"


def not_found(environ):
    return "404 Not Found", "There are " + ", ".join(ROUTES) + "\n"


def who():
    return f"process {os.getpid()}, {threading.current_thread().name}"


ROUTES = {
    "/": index,
    "/sleep": sleep,
    "/cpu": cpu,
    "/stream": stream,
    "/upload": upload,
    "/environ": show_environ,
}
