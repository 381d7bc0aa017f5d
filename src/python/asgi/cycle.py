"""One HTTP request through an ASGI app: the scope, ``receive`` and ``send`` (ASGI 3.0, HTTP 2.3 to
2.5).

Rust parses, frames, encodes and holds the protocol's rules; here are only the callables that the
app sees.
"""

import asyncio
from collections.abc import Callable
from operator import index
from typing import Any, Final
from urllib.parse import quote

import _wasgi
from _wasgi import BLOCKED, BROKEN, DATA, DISCONNECT, PARK, RAISE

from ..bridge.buffer import SIZE, number, read_bytes, view, write_bytes, write_text
from ..bridge.exceptions import raised
from ..bridge.tracebacks import traceback_of
from .application import App, Message, Scope

_SHOWN: Final = ("client", "method", "path", "query_string", "http_version")
"""What of the scope uvicorn's access log shows."""

_receive = _wasgi.receive
_send_start = _wasgi.send_start
_send_body = _wasgi.send_body
_returned = _wasgi.returned
_raised = _wasgi.raised_asgi


def read_scope(state: dict[str, Any]) -> Scope:
    """The http scope that Rust has written, see `asgi::scope`; its keys in uvicorn's order."""
    (
        version,
        method,
        scheme,
        path,
        raw_path,
        query,
        root_path,
        client_host,
        client_port,
        server_host,
        server_port,
        *headers,
    ) = read_bytes()
    pairs = iter(headers)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": version.decode(),
        "server": (server_host.decode(), int(server_port)),
        "client": (client_host.decode(), int(client_port)),
        "scheme": scheme.decode(),
        "root_path": root_path.decode(),
        "headers": list(zip(pairs, pairs)),
        "state": state.copy(),
        "method": method.decode("ascii", "replace"),
        "path": path.decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
    }


class Cycle:
    """A request and its response."""

    __slots__ = (
        "id",
        "loop",
        "more",
        "octets",
        "scope",
        "shown",
        "taken",
        "task",
        "waiters",
        "writable",
    )

    def __init__(
        self, id: int, loop: asyncio.AbstractEventLoop, octets: Callable[[Any], bytes]
    ) -> None:
        self.id = id
        self.loop = loop
        self.octets = octets
        """Makes bytes of a header's name or value, or raises what the server's library raises."""
        self.scope: Scope = {}
        self.shown: list[Any] = []
        """What of the scope is in the access log, as the app was given it."""
        self.waiters: list[asyncio.Future[None]] = []
        """Of each ``receive()`` that waits."""
        self.taken = 0
        """How often a ``receive()`` has been given something."""
        self.more = True
        """Whether more of the request's body is to come, as far as the app was told."""
        self.writable: asyncio.Future[None] | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: App, scope: Scope) -> None:
        """Calls the app and settles what it leaves open."""
        self.scope = scope
        self.shown = list(map(scope.get, _SHOWN))
        try:
            result = await app(scope, self.receive, self.send)
        except BaseException as error:
            _raised(self.id, write_text(traceback_of(error)))
        else:
            _returned(self.id, None if result is None else write_text(str(result)))

    async def receive(self) -> Message:
        """ASGI's ``receive``: the next part of the body, or the disconnect.

        Of several that wait for the same part, uvicorn gives it to the first, and an empty one to
        each of the others.
        """
        taken = self.taken
        while (reply := _receive(self.id)) == PARK:
            if self.taken != taken:
                return {"type": "http.request", "body": b"", "more_body": self.more}
            waiter = self.loop.create_future()
            self.waiters.append(waiter)
            try:
                await waiter
            finally:
                self.waiters.remove(waiter)
        self.taken += 1
        if reply == DISCONNECT:
            return {"type": "http.disconnect"}
        self.more = reply == DATA
        return {"type": "http.request", "body": bytes(view[: number[0]]), "more_body": self.more}

    def receivable(self) -> None:
        """Something came: every ``receive()`` that waits goes on."""
        for waiter in self.waiters:
            wake(waiter)

    async def send(self, message: Message) -> None:
        """ASGI's ``send``: returns when the connection has taken the bytes."""
        kind = message["type"]
        if kind == "http.response.body":
            await self._send_body(message.get("body", b"") or b"", message.get("more_body", False))
        elif kind == "http.response.start":
            self._send_start(message)
        else:
            self._check(_wasgi.send_other(self.id, write_text(kind)))

    def _send_start(self, message: Message) -> None:
        status: int | None = None
        try:
            given = index(message["status"])
            if list(map(self.scope.get, _SHOWN)) != self.shown:
                self._show_scope()
            status = given
            fields: list[bytes] = []
            for name, value in message.get("headers", ()):
                fields.append(self.octets(name))
                fields.append(self.octets(value))
            length = write_bytes(fields)
        except Exception:
            # uvicorn counts the response as started, and logs its status, before it looks at the
            # headers.
            reply = _wasgi.send_start_failed(self.id, status)
            if reply == BROKEN:
                # The client is gone: what the app sends is not looked at.
                return
            self._check(reply)
            raise
        self._check(_send_start(self.id, status, length))

    def _show_scope(self) -> None:
        """uvicorn's access log shows the scope as the app has left it."""
        scope = self.scope
        address = ""
        if client := scope.get("client"):
            host, port = client
            address = f"{host}:{port:d}"
        target = quote(scope["path"])
        if query := scope["query_string"]:
            target = f"{target}?{query.decode('ascii')}"
        method = scope["method"]
        line = f"{method} {target} HTTP/{scope['http_version']}"
        texts = (address, line, method)
        _wasgi.scope_changed(self.id, write_bytes([str(text).encode() for text in texts]))

    async def _send_body(self, body: bytes, more: bool) -> None:
        length = len(body)
        begun = 0
        while True:
            # A body larger than the buffer goes in parts. Rust is told what follows: it remains one
            # body.
            part = body[begun : begun + SIZE] if length > SIZE else body
            size = len(part)
            view[:size] = part
            begun += size
            reply = _send_body(self.id, size, length - begun, more)
            if reply == BLOCKED:
                begun -= size
                waiter = self.writable = self.loop.create_future()
                try:
                    await waiter
                finally:
                    self.writable = None
                continue
            self._check(reply)
            if begun == length:
                return

    def _check(self, reply: int) -> None:
        if reply == RAISE:
            raise raised()


def octets(value: Any) -> bytes:
    """A header's name or value: what is not bytes raises, in the words of uvicorn's own check."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        raise TypeError("cannot use a bytes pattern on a string-like object")
    try:
        return bytes(memoryview(value))
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"expected string or bytes-like object, got '{kind}'") from None


def octets_or_ascii(value: Any) -> bytes:
    """A header's name or value as h11 takes it: text too."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode("ascii")
    if isinstance(value, int):
        raise TypeError("expected bytes-like object, not int")
    return bytes(value)


def wake(waiter: asyncio.Future[None] | None) -> None:
    """Lets a waiting receive or send go on."""
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
