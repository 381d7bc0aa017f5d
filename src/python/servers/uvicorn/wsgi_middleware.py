"""``uvicorn --interface wsgi``: a WSGI app behind uvicorn, each request in one of ten threads.

The whole body is read before the app is called, and ``close()`` is not, as in uvicorn's own
middleware.
"""

import asyncio
import io
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ...asgi.application import Message, Scope
from ...wsgi.cycle import App, ExcInfo

THREADS: Final = 10


def environ_of(scope: Scope, body: io.BytesIO) -> dict[str, Any]:
    """PEP 3333, "environ Variables", as uvicorn makes them of a scope."""
    script_name = scope.get("root_path", "").encode().decode("latin-1")
    path = scope["path"].encode().decode("latin-1").removeprefix(script_name)
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stdout,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "SERVER_NAME": server[0],
        "SERVER_PORT": server[1],
    }
    if client := scope.get("client"):
        environ["REMOTE_ADDR"] = client[0]
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
            key = "HTTP_" + key
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


class _Response:
    """What a thread's app says, on its way to the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._messages: deque[Message | None] = deque()
        self._more = asyncio.Event()
        self._started = False
        self.exc_info: ExcInfo | None = None

    def put(self, message: Message | None) -> None:
        """The next message; None is the end."""
        self._messages.append(message)
        self._loop.call_soon_threadsafe(self._more.set)

    async def send_all(self, send: Any) -> None:
        """Sends each as it comes."""
        while True:
            while not self._messages:
                await self._more.wait()
                self._more.clear()
            message = self._messages.popleft()
            if message is None:
                return
            await send(message)

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> None:
        """PEP 3333, "The start_response() Callable", without the callable that it should return."""
        self.exc_info = exc_info
        if not self._started:
            self._started = True
            code, _ = status.split(" ", 1)
            fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
            self.put({"type": "http.response.start", "status": int(code), "headers": fields})

    def run(self, app: App, environ: dict[str, Any]) -> None:
        """In a thread."""
        # As in uvicorn, apps get no write().
        start: Any = self.start
        for chunk in app(environ, start):
            self.put({"type": "http.response.body", "body": chunk, "more_body": True})
        self.put({"type": "http.response.body", "body": b"", "more_body": False})


class Middleware:
    """The ASGI app that calls a WSGI app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._executor = ThreadPoolExecutor(max_workers=THREADS)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = io.BytesIO()
        more = True
        while more:
            message = await receive()
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        body.seek(0)
        response = _Response()
        environ = environ_of(scope, body)
        running = asyncio.get_running_loop().run_in_executor(
            self._executor, response.run, self._app, environ
        )
        sending = asyncio.create_task(response.send_all(send))
        try:
            await running
        finally:
            response.put(None)
            await sending
        if response.exc_info is not None:
            raise response.exc_info[1].with_traceback(response.exc_info[2])
