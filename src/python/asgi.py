"""One HTTP request through an ASGI app: the scope, ``receive`` and ``send`` (ASGI 3.0, HTTP 2.3 to 2.5).

Rust parses, frames, encodes and holds the protocol's rules; here are only the callables that the app sees.
"""

import asyncio
import builtins
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import _wasgi

from .crossing import SIZE, put_bytes, put_text, take_bytes, take_text, view
from .traceback_text import traceback_of

type Message = MutableMapping[str, Any]
type Scope = dict[str, Any]
type App = Callable[[Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_receive = _wasgi.receive
_send_start = _wasgi.send_start
_send_body = _wasgi.send_body
_returned = _wasgi.returned
_raised = _wasgi.raised_asgi

# Events, as `event & 3`; the rest is the exchange.
REQUEST: Final = 0
RECEIVABLE: Final = 1
WRITABLE: Final = 2
STOP: Final = 3

# What `receive` returns, as `got & 3`; the rest is the length of the body in the buffer.
LAST: Final = 0
MORE: Final = 1
DISCONNECT: Final = 2
PENDING: Final = 3

BLOCKED: Final = -1


def take_scope(state: dict[str, Any]) -> Scope:
    """The http scope that Rust has written, see `asgi::scope`."""
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
    ) = take_bytes()
    pairs = iter(headers)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": version.decode(),
        "server": (server_host.decode(), int(server_port)),
        "client": (client_host.decode(), int(client_port)),
        "scheme": scheme.decode(),
        "method": method.decode("ascii", "replace"),
        "root_path": root_path.decode(),
        "path": path.decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "headers": list(zip(pairs, pairs)),
        "state": state.copy(),
    }


class Exchange:
    """A request and its response."""

    __slots__ = ("id", "loop", "readable", "task", "writable")

    def __init__(self, id: int, loop: asyncio.AbstractEventLoop) -> None:
        self.id = id
        self.loop = loop
        self.readable: asyncio.Future[None] | None = None
        self.writable: asyncio.Future[None] | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: App, scope: Scope) -> None:
        """Calls the app and settles what it leaves open."""
        try:
            result = await app(scope, self.receive, self.send)
        except BaseException as error:
            _raised(self.id, put_text(traceback_of(error)))
        else:
            _returned(self.id, -1 if result is None else put_text(str(result)))

    async def receive(self) -> Message:
        """ASGI's ``receive``: the next part of the body, or the disconnect."""
        while True:
            got = _receive(self.id)
            kind = got & 3
            if kind == PENDING:
                waiter = self.readable = self.loop.create_future()
                try:
                    await waiter
                finally:
                    self.readable = None
                continue
            if kind == DISCONNECT:
                return {"type": "http.disconnect"}
            return {
                "type": "http.request",
                "body": bytes(view[: got >> 2]),
                "more_body": kind == MORE,
            }

    async def send(self, message: Message) -> None:
        """ASGI's ``send``: returns when the connection has taken the bytes."""
        kind = message["type"]
        if kind == "http.response.body":
            body = message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) <= SIZE:
                await self._send_part(body, more)
                return
            for start in range(0, len(body), SIZE):
                part = body[start : start + SIZE]
                await self._send_part(part, more or start + SIZE < len(body))
        elif kind == "http.response.start":
            status = message["status"]
            fields: list[bytes] = []
            for name, value in message.get("headers", ()):
                fields.append(bytes(name))
                fields.append(bytes(value))
            self._check(_send_start(self.id, status, put_bytes(fields)))
        else:
            self._check(_wasgi.send_other(self.id, put_text(kind)))

    async def _send_part(self, body: bytes, more: bool) -> None:
        while True:
            view[: len(body)] = body
            state = _send_body(self.id, len(body), more)
            if state != BLOCKED:
                self._check(state)
                return
            waiter = self.writable = self.loop.create_future()
            try:
                await waiter
            finally:
                self.writable = None

    def _check(self, state: int) -> None:
        if state > 0:
            name, _, message = take_text(state).partition("\n")
            raise getattr(builtins, name)(message)


def wake(waiter: "asyncio.Future[None] | None") -> None:
    """Lets a waiting receive or send go on."""
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
