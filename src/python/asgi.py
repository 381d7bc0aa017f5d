"""One HTTP request through an ASGI app: the scope, ``receive`` and ``send`` (ASGI 3.0, HTTP 2.3 to 2.5).

Rust parses, frames, encodes and holds the protocol's rules; here are only the callables that the app sees.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
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
            _returned(self.id, 0 if result is None else put_text(str(result)))

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
            length = len(body)
            if length <= SIZE:
                view[:length] = body
                state = _send_body(self.id, length, more)
                if state != 0:
                    await self._settle(state)
                return
            for start in range(0, length, SIZE):
                part = body[start : start + SIZE]
                view[: len(part)] = part
                state = _send_body(self.id, len(part), more or start + SIZE < length)
                if state != 0:
                    await self._settle(state)
        elif kind == "http.response.start":
            fields = _flat(message.get("headers", ()))
            state = _send_start(self.id, message["status"], put_bytes(fields))
            if state != 0:
                await self._settle(state)
        else:
            state = _wasgi.send_other(self.id, put_text(kind))
            if state != 0:
                await self._settle(state)

    async def _settle(self, state: int) -> None:
        if state > 0:
            raise RuntimeError(take_text(state))
        while state == BLOCKED:
            waiter = self.writable = self.loop.create_future()
            try:
                await waiter
            finally:
                self.writable = None
            state = _wasgi.drained(self.id)


def _flat(headers: Iterable[Iterable[bytes]]) -> list[bytes]:
    fields: list[bytes] = []
    for name, value in headers:
        fields.append(bytes(name))
        fields.append(bytes(value))
    return fields


def wake(waiter: "asyncio.Future[None] | None") -> None:
    """Lets a waiting receive or send go on."""
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
