"""A request to gunicorn's own ASGI worker and its response, by gunicorn's rules of ``receive`` and
``send``.
"""

import asyncio
import contextlib
import re
import time
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

import _wasgi
from _wasgi import DISCONNECT, DONE, LAST_DATA, PARK

from ...asgi.application import App, Message, Scope
from ...asgi.cycle import wake
from ...bridge.buffer import SIZE, number, read_bytes, view
from ...bridge.log import DEBUG, ERROR, WARNING, exception, log
from .options import Configuration, Options

MOST_BUFFERED: Final = 1 << 18
"""Bytes of a body that may wait for the app before its connection is no longer read."""

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-zA-Z]+")
_VALUE: Final = re.compile(rb"[ \t\x21-\x7e\x80-\xff]*")
_PHRASES: Final = {413: "Payload Too Large", 422: "Unprocessable Entity"}
_KNOWN: Final = frozenset(
    {
        100,
        101,
        103,
        200,
        201,
        202,
        204,
        206,
        301,
        302,
        303,
        304,
        307,
        308,
        400,
        401,
        403,
        404,
        405,
        408,
        409,
        410,
    }
    | {411, 413, 414, 415, 422, 429, 500, 501, 502, 503, 504}
)


class InvalidResponseHeader(Exception):
    """A field that would break HTTP."""

    __module__ = "gunicorn.http.errors"

    def __str__(self) -> str:
        return f"Invalid response header from the application: {self.args[0]}"


class InvalidResponseHeaderName(InvalidResponseHeader):
    """Its name is no token."""

    __module__ = "gunicorn.http.errors"

    def __str__(self) -> str:
        return f"Invalid response header name from the application: {self.args[0]}"


def _octets(part: Any) -> bytes:
    return part.encode("latin-1") if isinstance(part, str) else part


def _fields(headers: Any) -> list[tuple[bytes, bytes]]:
    fields = []
    for name, value in headers:
        name, value = _octets(name), _octets(value)
        if not _NAME.fullmatch(name):
            raise InvalidResponseHeaderName(repr(name))
        if not _VALUE.fullmatch(value):
            raise InvalidResponseHeader(repr(name))
        fields.append((name, value))
    return fields


def _phrase(status: int) -> str:
    if status not in _KNOWN:
        return "Unknown"
    return _PHRASES.get(status) or HTTPStatus(status).phrase


class Server(Protocol):
    """What a request needs of the worker that has it."""

    app: App
    configuration: Configuration
    options: Options
    state: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    keep_alive: float
    most_requests: int | None
    requests: int
    alive: bool

    def scheme(self, headers: list[tuple[bytes, bytes]]) -> str:
        """As a proxy that is trusted says."""

    def ended(self, call: Request) -> None:
        """The app's call is over."""


class Request:
    """A request and its response."""

    def __init__(self, id: int, server: Server) -> None:
        self.id = id
        self.server = server
        self.begun = time.monotonic()
        version, method, _, _, self.target, _, _, host, port, own_host, own_port, *fields = (
            read_bytes()
        )
        pairs = iter(fields)
        self.headers = list(zip(pairs, pairs))
        self.version = version.decode()
        self.method = method.decode("latin-1")
        raw_path, _, query = self.target.partition(b"?")
        self.client = (host.decode(), int(port))
        self.scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": self.version,
            "method": self.method,
            "scheme": server.scheme(self.headers),
            "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": server.options.root_path,
            "headers": list(self.headers),
            "server": (own_host.decode(), int(own_port)),
            "client": self.client,
            "state": server.state.copy(),
        }
        # Rust answers an expectation when it is asked for the body: not before the app asks.
        self.expects = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
        )
        self.task: asyncio.Task[None] | None = None
        # The request's body.
        self.chunks: deque[bytes] = deque()
        self.buffered = 0
        self.body_complete = self.body_finished = self.expired = False
        # gunicorn takes the client for gone, in `receive()` alone, once a wait for that has ended.
        self.waited = False
        self.readable: asyncio.Future[None] | None = None
        self.gone = False
        # The response.
        self.started = self.complete = self.chunked = self.omits_body = self.warned = False
        self.closes = True
        self.length: int | None = None
        self.head = b""
        self.error: Exception | None = None
        self.status = 500
        self.fields: list[tuple[bytes, bytes]] = []
        self.sent = 0
        self.writable: asyncio.Future[None] | None = None

    # --- the request

    def pull(self) -> None:
        """Takes what has come: body, its end, or the connection's."""
        while not self.gone and self.buffered <= MOST_BUFFERED:
            reply = _wasgi.receive(self.id)
            if reply == PARK:
                break
            if reply == DISCONNECT:
                self._lost()
                break
            if size := number[0]:
                self.chunks.append(bytes(view[:size]))
                self.buffered += size
            self.body_complete = self.body_complete or reply == LAST_DATA
        if self.chunks or self.body_complete or self.gone:
            wake(self.readable)

    def _lost(self) -> None:
        self.gone = True
        wake(self.writable)
        # Rust says so too when a response is complete.
        if (self.closes or not self.complete) and self.task is not None:
            grace = self.server.options.asgi_disconnect_grace_period
            if grace > 0:
                self.server.loop.call_later(grace, self.task.cancel)
            else:
                self.task.cancel()

    async def receive(self) -> Message:
        """ASGI's ``receive``."""
        if self.gone or self.expired or self.waited:
            return {"type": "http.disconnect"}
        if self.body_finished:
            try:
                await self._wait(None)
            finally:
                self.waited = True
            return {"type": "http.disconnect"}
        if not self.chunks and not self.body_complete:
            self.expects = False
            self.pull()
            if not self.chunks and not self.body_complete and not self.gone:
                await self._wait(self.server.options.timeout or 30.0)
        if self.gone:
            return {"type": "http.disconnect"}
        if self.chunks:
            chunk = self.chunks.popleft()
            self.buffered -= len(chunk)
            self.pull()
            more = bool(self.chunks) or not self.body_complete
            self.body_finished = not more
            return {"type": "http.request", "body": chunk, "more_body": more}
        if not self.body_complete:
            self.expired = True
            return {"type": "http.disconnect"}
        self.body_finished = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _wait(self, timeout: float | None) -> None:
        waiter = self.readable = self.server.loop.create_future()
        try:
            await asyncio.wait_for(waiter, timeout)
        except TimeoutError:
            pass
        finally:
            self.readable = None

    # --- the response

    async def send(self, message: Message) -> None:
        """ASGI's ``send``. What is out of order is raised when the app has returned, as in
        gunicorn.
        """
        if self.gone:
            return
        kind = message["type"]
        if kind == "http.response.start":
            if self.started:
                self.error = RuntimeError("Response already started")
                return
            self._start(message)
        elif kind == "http.response.body":
            if not self.started:
                self.error = RuntimeError("Response not started")
            elif self.complete:
                self.error = RuntimeError("Response already complete")
            else:
                await self._body(message.get("body", b""), message.get("more_body", False))
        elif kind == "http.response.informational":
            if self.started:
                self.error = RuntimeError("Informational response after response start")
                return
            fields = _fields(message.get("headers", []))
            status = message.get("status", 100)
            if self.version == "1.1":
                head = f"HTTP/1.1 {status} {_phrase(status)}\r\n".encode()
                self._out(head + b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n")

    def _start(self, message: Message) -> None:
        fields = _fields(message.get("headers", []))
        names = {name.lower(): value for name, value in fields}
        self.started = True
        status = self.status = message["status"]
        self.expects = False
        forbids_length = status == 204 or 100 <= status < 200
        self.omits_body = self.method == "HEAD" or status == 304 or forbids_length
        length = names.get(b"content-length")
        if self.omits_body:
            dropped = (
                {b"transfer-encoding", b"content-length"}
                if forbids_length
                else {b"transfer-encoding"}
            )
            fields = [field for field in fields if field[0].lower() not in dropped]
        elif b"transfer-encoding" in names:
            self.chunked = True
        elif length is None and self.version == "1.1":
            self.chunked = True
            fields.append((b"transfer-encoding", b"chunked"))
        if length is not None and not self.chunked and not self.omits_body:
            with contextlib.suppress(ValueError):
                self.length = int(length)
        self.fields = list(fields)
        self.closes = self._will_close()
        if b"server" not in names:
            fields.append((b"Server", b"gunicorn/asgi"))
        if b"date" not in names:
            fields.append((b"Date", formatdate(usegmt=True).encode()))
        if self.closes and b"connection" not in names:
            fields.append((b"Connection", b"close"))
        lines = [f"HTTP/{self.version} {status} {_phrase(status)}".encode()]
        lines.extend(b"%b: %b" % field for field in fields)
        self.head = b"\r\n".join([*lines, b"", b""])

    def _will_close(self) -> bool:
        connection = next((value for name, value in self.headers if name == b"connection"), None)
        options = {option.strip() for option in (connection or b"").lower().split(b",")}
        if b"close" in options or (self.version == "1.0" and b"keep-alive" not in options):
            return True
        server = self.server
        last = server.most_requests and server.requests + 1 >= server.most_requests
        return bool(last) or not server.alive or server.keep_alive <= 0

    async def _body(self, body: Any, more: bool) -> None:
        if self.omits_body:
            if body and not self.warned:
                self.warned = True
                log(
                    WARNING,
                    "ASGI app sent body bytes on a no-body response"
                    f" (method={self.method} status={self.status}); dropping per RFC 9110.",
                )
            body = b""
        body = bytes(body or b"")
        if self.length is not None:
            body = body[: max(self.length - self.sent, 0)]
        self.sent += len(body)
        data = body
        if self.chunked:
            data = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if not more:
                data += b"0\r\n\r\n"
        if body or not more:
            data = self.head + data
            self.head = b""
        # The connection is closed only when the app has returned.
        short = self.length is not None and self.sent < self.length
        keeps = not more and not self.closes and not short and self.body_complete
        if not more:
            self.complete = True
            self.closes = not keeps
        if not self._out(data, keeps, keeps) and more and not self.gone:
            waiter = self.writable = self.server.loop.create_future()
            try:
                await waiter
            finally:
                self.writable = None

    def _out(self, data: bytes, end: bool = False, keeps: bool = False) -> bool:
        """Writes; with ``end`` the response ends, and its connection unless it is kept. Whether
        more may be written now.
        """
        reply = DONE
        for start in range(0, len(data) or 1, SIZE):
            part = data[start : start + SIZE]
            view[: len(part)] = part
            reply = _wasgi.send_body(
                self.id, len(part), keeps, not (end and start + SIZE >= len(data))
            )
        return reply == DONE

    def _answer(self) -> None:
        """An error in the app's place."""
        self.status = 500
        text = "Internal Server Error"
        head = (
            f"HTTP/1.1 500 {text}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
            "Connection: close\r\n\r\n"
        )
        self._out((head + text).encode())

    # --- the call

    async def run(self) -> None:
        """Calls the app and settles what it leaves open."""
        try:
            await self.server.app(self.scope, self.receive, self.send)
            if self.error is not None:
                raise self.error
            if not self.started:
                self._answer()
                # Its own words of closing notwithstanding.
                self.closes = self._will_close() or not self.body_complete
            elif not self.complete:
                self.closes = True
                if not self.gone:
                    log(
                        ERROR,
                        "ASGI application returned without completing the response; closing the"
                        " connection",
                    )
        except asyncio.CancelledError:
            self.closes = True
            log(DEBUG, "Request cancelled (client disconnected)")
        except Exception as error:
            self.closes = True
            if self.complete:
                log(DEBUG, "Exception after response complete (client disconnected)")
            else:
                exception(ERROR, "Error in ASGI application", error)
                if not self.started:
                    self._answer()
        finally:
            self.server.ended(self)

    def atoms(self) -> dict[str, Any]:
        """What the access log's format may ask for."""
        target = self.target.decode("latin-1")
        seconds = time.monotonic() - self.begun
        fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        environ = {
            "REQUEST_METHOD": self.method,
            "RAW_URI": target,
            "PATH_INFO": self.scope["path"],
            "QUERY_STRING": self.scope["query_string"].decode("latin-1"),
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "REMOTE_ADDR": self.client[0],
        }
        environ |= {
            "HTTP_" + name.upper().replace("-", "_"): value for name, value in fields.items()
        }
        atoms = {
            "h": self.client[0],
            "l": "-",
            "u": "-",
            "t": time.strftime("[%d/%b/%Y:%H:%M:%S +0000]", time.gmtime()),
            "r": f"{self.method} {target} HTTP/{self.version}",
            "s": self.status,
            "m": self.method,
            "U": environ["PATH_INFO"],
            "q": environ["QUERY_STRING"],
            "H": environ["SERVER_PROTOCOL"],
            "b": str(self.sent),
            "B": self.sent,
            "f": fields.get("referer", "-"),
            "a": fields.get("user-agent", "-"),
            "T": int(seconds),
            "D": int(seconds * 1e6),
            "M": int(seconds * 1e3),
            "L": f"{seconds:.6f}",
            "p": f"<{self.server.configuration.pid}>",
        }
        atoms |= {f"{{{name}}}i": value for name, value in fields.items()}
        atoms |= {
            f"{{{name.decode('latin-1').lower()}}}o": value.decode("latin-1")
            for name, value in self.fields
        }
        return atoms | {f"{{{name.lower()}}}e": value for name, value in environ.items()}
