"""A request to daphne and its response, as Twisted writes it.

What daphne has in Python is in Python here too: it reads a request's body to its end before it
calls the app. Rust parses requests and carries bytes.
"""

import asyncio
import logging
import re
import time
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote

import _wasgi
from _wasgi import DISCONNECT, LAST_DATA, PARK

from ...asgi.application import App, Message, Scope
from ...bridge.buffer import SIZE, number, read_bytes, view
from ...bridge.tracebacks import traceback_of
from .options import Options

http_log: Final = logging.getLogger("daphne.http_protocol")

NAME: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
INVALID_IN_VALUES: Final = frozenset(b"\x0b\x0c\x1c\x1d\x1e\x85")
BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\n\r\n"
CHUNK: Final = 8192
"""Bytes of the body in one event."""
NO_BODY: Final = (204, 304)

_PHRASES: Final = {
    205: "Reset Content.",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range not satisfiable",
    418: "I'm a teapot",
    504: "Gateway Time-out",
    505: "HTTP Version not supported",
    507: "Insufficient Storage Space",
}
_NO_PHRASES: Final = {102, 103, 208, 226, *range(421, 452), 506, 508, 511}
_SPELLINGS: Final = {
    b"Content-Md5": b"Content-MD5",
    b"Dnt": b"DNT",
    b"Etag": b"ETag",
    b"P3p": b"P3P",
    b"Te": b"TE",
    b"Www-Authenticate": b"WWW-Authenticate",
    b"X-Xss-Protection": b"X-XSS-Protection",
}

_PAGE: Final = (
    " <html> <head> <title>{title}</title> <style>"
    "  body {{ font-family: sans-serif; margin: 0; padding: 0; }}"
    "  h1 {{ padding: 0.6em 0 0.2em 20px; color: #896868; margin: 0; }}"
    "  p {{ padding: 0 0 0.3em 20px; margin: 0; }}"
    "  footer {{ padding: 1em 0 0.3em 20px; color: #999; font-size: 80%; font-style: italic; }}"
    " </style> </head>"
    " <body> <h1>{title}</h1> <p>{text}</p> <footer>Daphne</footer> </body> </html> "
)


def _phrase(code: int) -> str:
    """Twisted's reason phrase."""
    if code in _PHRASES:
        return _PHRASES[code]
    try:
        return "Unknown Status" if code in _NO_PHRASES else HTTPStatus(code).phrase
    except ValueError:
        return "Unknown Status"


class _Headers(dict[bytes, list[bytes]]):
    """Twisted's headers: grouped by name, in the order of their first appearance, names in its own
    spelling.
    """

    def add(self, name: bytes, value: bytes) -> None:
        if not NAME.fullmatch(name):
            raise ValueError(name)
        spelt = b"-".join(word.capitalize() for word in name.split(b"-"))
        self.setdefault(_SPELLINGS.get(spelt, spelt), []).append(b" ".join(value.splitlines()))


class Server(Protocol):
    """What a request needs of the server that has it."""

    app: App
    options: Options
    logs_requests: bool

    def forget(self, request: Request) -> None:
        """The request is over for client and app."""

    def origin(self, headers: dict[bytes, list[bytes]], client: list[Any]) -> tuple[list[Any], str]:
        """The client and scheme, by the headers of a proxy where they are to be believed."""


class Request:
    """A request and its response."""

    def __init__(self, id: int, server: Server) -> None:
        self.id = id
        self.server = server
        (version, self.method, _, _, self.uri, _, _, host, port, own_host, own_port, *fields) = (
            read_bytes()
        )
        self.version = version.decode()
        pairs = iter(fields)
        self.request_headers = _Headers()
        for name, value in zip(pairs, pairs):
            self.request_headers.setdefault(name, []).append(value)
        self.client: list[Any] = [host.decode(), int(port)]
        self.own_address: list[Any] = [own_host.decode(), int(own_port)]
        self.content = bytearray()
        self.complete = False
        self.headers = _Headers()
        words = [
            word.lower() for word in self.request_headers.get(b"connection", [b""])[0].split(b" ")
        ]
        self.keeps = self.version == "1.1" and b"close" not in words
        if self.version == "1.1" and not self.keeps:
            self.headers.add(b"Connection", b"close")
        self.queue: asyncio.Queue[Message] | None = None
        self.task: asyncio.Future[None] | None = None
        self.begun: float | None = None
        self.disconnected: float | None = None
        self.response_started = self.written = self.chunked = self.finished = False
        self.gone = False
        self.code = 200
        self.sent = 0

    @property
    def was_called(self) -> bool:
        """Whether the app has heard of it."""
        return self.complete

    # --- what comes from the client

    def readable(self) -> None:
        """Something came: body, its end, or the connection's."""
        while True:
            reply = _wasgi.receive(self.id)
            if reply == PARK:
                return
            if reply == DISCONNECT:
                self._connection_lost()
                return
            self.content += view[: number[0]]
            if reply == LAST_DATA:
                self.complete = True
                self._process()

    def _connection_lost(self) -> None:
        self.gone = True
        if self.finished or not self.complete:
            self.server.forget(self)
            return
        if self.queue is not None:
            self.queue.put_nowait({"type": "http.disconnect"})
        http_log.debug("HTTP disconnect for %s", self.client)
        self.disconnected = self.disconnected or time.time()

    def _process(self) -> None:
        if self._is_broken_form():
            self.content.clear()
            self.finished, self.keeps = True, False
            self._out(BAD_REQUEST, end=True)
            self.server.forget(self)
            return
        self.begun = time.time()
        try:
            scope = self._scope()
            if scope is None:
                return
            http_log.debug("HTTP %s request for %s", self.method, self.client)
            queue = asyncio.Queue[Message]()
            call: Any = self.server.app
            self.task = asyncio.ensure_future(call(scope=scope, receive=queue.get, send=self.send))
            self.queue = queue
            for start in range(0, len(self.content) + 1, CHUNK):
                chunk = bytes(self.content[start : start + CHUNK])
                queue.put_nowait(
                    {"type": "http.request", "body": chunk, "more_body": len(chunk) == CHUNK}
                )
        except Exception as error:
            http_log.error(f"{traceback_of(error)}\n")
            self.error_page(500, "Internal Server Error", "Daphne HTTP processing error")
        finally:
            self.content.clear()

    def _is_broken_form(self) -> bool:
        """Twisted reads a form that is posted before daphne has it, and refuses what it cannot
        read.
        """
        kind = self.request_headers.get(b"content-type", [b""])[0]
        if self.method != b"POST" or not kind or not self.content:
            return False
        # Few requests are forms.
        from email import message_from_bytes
        from email.message import EmailMessage

        message = EmailMessage()
        message["content-type"] = kind.decode("latin-1")
        if message.get_content_type() != "multipart/form-data":
            return False
        head = b"MIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\n"
        return not message_from_bytes(head + self.content).is_multipart()

    def _scope(self) -> Scope | None:
        for name, values in self.request_headers.items():
            if not NAME.fullmatch(name):
                self.error_page(400, "Bad Request", "Invalid header name")
                return None
            if any(INVALID_IN_VALUES.intersection(value) for value in values):
                self.error_page(400, "Bad Request", "Invalid header value")
                return None
        client, scheme = self.server.origin(self.request_headers, self.client)
        self.client = client
        path, _, query = self.uri.partition(b"?")
        if not path.isascii():
            self.error_page(400, "Bad Request", "Invalid characters in path")
            return None
        if not query.isascii():
            self.error_page(400, "Bad Request", "Invalid query string")
            return None
        root_path = self.server.options.root_path
        headers = []
        for name, values in self.request_headers.items():
            for value in values:
                if name == b"daphne-root-path":
                    root_path = unquote(value.decode("ascii"))
                else:
                    headers.append((name, value))
        return {
            "type": "http",
            "http_version": self.version,
            "method": self.method.decode("ascii"),
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "root_path": root_path,
            "scheme": scheme,
            "query_string": query,
            "headers": headers,
            "client": client,
            "server": self.own_address,
            "asgi": {"version": "3.0"},
        }

    # --- what goes to the client

    async def send(self, message: Message) -> None:
        """ASGI's ``send``. Nothing waits for the client: what it does not read is kept for it."""
        if self.disconnected is not None:
            return
        if message["type"] == "http.response.start":
            try:
                for name, value in message.get("headers", ()):
                    for what, part in (("name", name), ("value", value)):
                        if not isinstance(part, bytes):
                            raise ValueError(
                                f"Header {what} '{part}' expected to be `bytes`,"
                                f" but got `{type(part)}`"
                            )
            except ValueError:
                self.error_page(500, "Server Error", "Server Error")
                raise
        self._handle(message)

    def _handle(self, message: Message) -> None:
        if self.finished or self.gone:
            return
        if "type" not in message:
            raise ValueError("Message has no type defined")
        kind = message["type"]
        if kind == "http.response.start":
            if self.response_started:
                raise ValueError("HTTP response has already been started")
            self.response_started = True
            if "status" not in message:
                raise ValueError("Specifying a status code is required for a Response message.")
            if not isinstance(message["status"], int):
                raise TypeError("HTTP response code must be int or long")
            self.code = message["status"]
            for name, value in message.get("headers", ()):
                self.headers.add(name, value)
            name = self.server.options.server_name
            if name and b"Server" not in self.headers:
                self.headers.add(b"Server", name.encode())
            http_log.debug("HTTP %s response started for %s", self.code, self.client)
        elif kind == "http.response.body":
            if not self.response_started:
                raise ValueError(f"HTTP response has not yet been started but got {kind}")
            self._write(message.get("body", b""))
            if message.get("more_body", False):
                http_log.debug("HTTP response chunk for %s", self.client)
                return
            self.finish()
            http_log.debug("HTTP response complete for %s", self.client)
            self._log()
        else:
            raise ValueError(f"Cannot handle message type {kind}!")

    def _write(self, data: bytes) -> None:
        head = b""
        if not self.written:
            self.written = True
            head = self._head()
            if self.method == b"HEAD" or self.code in NO_BODY:
                self._out(head)
                return
        if not isinstance(data, bytes):
            self._out(head)
            raise TypeError("Data must be bytes")
        self.sent += len(data)
        if data and self.chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._out(head + data)

    def _head(self) -> bytes:
        if (
            self.version == "1.1"
            and b"Content-Length" not in self.headers
            and self.method != b"HEAD"
            and self.code not in NO_BODY
        ):
            self.headers[b"Transfer-Encoding"] = [b"chunked"]
            self.chunked = True
        lines = [f"HTTP/{self.version} {self.code} {_phrase(self.code)}".encode()]
        lines.extend(
            b"%b: %b" % (name, value) for name, values in self.headers.items() for value in values
        )
        return b"\r\n".join([*lines, b"", b""])

    def _out(self, data: bytes, end: bool = False) -> None:
        for start in range(0, len(data) or 1, SIZE):
            part = data[start : start + SIZE]
            view[: len(part)] = part
            last = end and start + SIZE >= len(data)
            _wasgi.send_body(self.id, len(part), self.keeps, not last)

    def finish(self) -> None:
        """The response is complete. Raises RuntimeError where the client has gone, as Twisted
        does.
        """
        if self.queue is not None:
            self.queue.put_nowait({"type": "http.disconnect"})
        http_log.debug("HTTP close for %s", self.client)
        if self.gone:
            raise RuntimeError("Request.finish called on a request after its connection was lost")
        if self.finished:
            return
        if not self.written:
            self._write(b"")
        self.finished = True
        self.disconnected = self.disconnected or time.time()
        self._out(b"0\r\n\r\n" if self.chunked else b"", end=True)

    def error_page(self, status: int, reason: str, text: str) -> None:
        """daphne's own answer."""
        headers = [(b"Content-Type", b"text/html; charset=utf-8")]
        self._handle({"type": "http.response.start", "status": status, "headers": headers})
        page = _PAGE.format(title=f"{status} {reason}", text=text)
        self._handle({"type": "http.response.body", "body": page.encode()})

    def handle_exception(self, error: BaseException) -> None:
        """The app has raised."""
        self.error_page(500, "Internal Server Error", "Exception inside application.")

    def check_timeouts(self) -> None:
        """Is this request too old?"""
        age = time.time() - self.begun if self.begun is not None else 0.0
        timeout = self.server.options.http_timeout
        if timeout and age > timeout:
            if self.response_started:
                http_log.warning("Application timed out while sending response")
                self.finish()
            else:
                text = "Application failed to respond within time limit."
                self.error_page(503, "Service Unavailable", text)

    def _log(self) -> None:
        if self.server.logs_requests:
            host = ":".join(map(str, self.client))
            when = datetime.now().strftime("%d/%b/%Y:%H:%M:%S")
            uri = self.uri.decode("ascii") if self.uri.isascii() else repr(self.uri)
            method = self.method.decode("ascii", "replace")
            print(
                f'{host} - - [{when}] "{method} {uri}" {self.code} {self.sent or "-"}', flush=True
            )

    def __repr__(self) -> str:
        uri = self.uri.decode("latin-1")
        method = self.method.decode("latin-1")
        return (
            f"<WebRequest at {id(self):#x} method={method} uri={uri}"
            f" clientproto=HTTP/{self.version}>"
        )
