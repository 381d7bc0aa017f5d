"""One WebSocket connection through an ASGI app: the scope, ``receive`` and ``send`` (ASGI 3.0,
WebSocket 2.3 to 2.5).

Rust has the protocol and its rules (``src/asgi/websocket/``); here are only the callables that
the app sees.
"""

import asyncio
from typing import Any

import _wasgi
from _wasgi import (
    ACCEPT,
    BLOCKED,
    CLOSE,
    CONNECT,
    DISCONNECTED,
    OTHER,
    PARK,
    RAISE,
    RESPONSE_END,
    RESPONSE_PART,
    RESPONSE_START,
    SEND_BYTES,
    SEND_NOTHING,
    SEND_TEXT,
    TEXT,
)

from ..bridge.buffer import SIZE, number, read_bytes, view, write_bytes, write_text
from ..bridge.exceptions import CLIENT_GONE, raised
from ..bridge.tracebacks import traceback_of
from .application import App, Message, Scope

_receive = _wasgi.socket_receive
_send = _wasgi.socket_send


def read_scope(state: dict[str, Any]) -> Scope:
    """The websocket scope that Rust has written, see ``asgi::websocket::scope``; its keys in
    uvicorn's order.
    """
    (
        scheme,
        path,
        raw_path,
        query,
        root_path,
        client_host,
        client_port,
        server_host,
        server_port,
        count,
        *rest,
    ) = read_bytes()
    offered = int(count)
    pairs = iter(rest[offered:])
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": scheme.decode(),
        "server": (server_host.decode(), int(server_port)),
        "client": (client_host.decode(), int(client_port)),
        "root_path": root_path.decode(),
        "path": path.decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "headers": list(zip(pairs, pairs)),
        "subprotocols": [name.decode("latin-1") for name in rest[:offered]],
        "state": state.copy(),
        "extensions": {"websocket.http.response": {}},
    }


class Socket:
    """A WebSocket connection that the app has."""

    __slots__ = ("_free", "_receiving", "_waiter", "id", "loop", "task")

    def __init__(self, id: int, loop: asyncio.AbstractEventLoop) -> None:
        self.id = id
        self.loop = loop
        self.task: asyncio.Task[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._receiving = asyncio.Lock()
        self._free = asyncio.Event()

    async def run(self, app: App, scope: Scope) -> None:
        """Calls the app and settles what it leaves open."""
        try:
            result = await app(scope, self.receive, self.send)
        except CLIENT_GONE:
            _wasgi.socket_raised(self.id, None)
        except BaseException as error:
            _wasgi.socket_raised(self.id, write_text(traceback_of(error)))
        else:
            _wasgi.socket_returned(self.id, None if result is None else write_text(str(result)))

    def receivable(self) -> None:
        """A ``receive()`` that waits goes on."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def writable(self) -> None:
        """Every ``send()`` that waits goes on."""
        self._free.set()

    def lost(self) -> None:
        """The connection is gone. asyncio says so in its next round, after the app has gone on with
        what it was told before.
        """
        self.loop.call_soon(_wasgi.socket_lost, self.id)

    async def receive(self) -> Message:
        """ASGI's ``receive``: the next message. Who asks first has it first."""
        async with self._receiving:
            while (reply := _receive(self.id)) == PARK:
                waiter = self._waiter = self.loop.create_future()
                try:
                    await waiter
                finally:
                    self._waiter = None
            if reply == CONNECT:
                return {"type": "websocket.connect"}
            if reply == DISCONNECTED:
                return {"type": "websocket.disconnect", "code": number[0]}
            if reply == _wasgi.DISCONNECTED_FOR:
                code, reason = read_bytes()
                return {
                    "type": "websocket.disconnect",
                    "code": int(code),
                    "reason": reason.decode(),
                }
            data = read_message()
            if reply == TEXT:
                return {"type": "websocket.receive", "text": data.decode()}
            return {"type": "websocket.receive", "bytes": data}

    async def send(self, message: Message) -> None:
        """ASGI's ``send``: returns when the connection has taken the bytes."""
        match message["type"]:
            case "websocket.send":
                data = message.get("bytes")
                text = message.get("text")
                if data is not None:
                    await self._transmit(SEND_BYTES, data)
                elif text is not None:
                    await self._transmit(SEND_TEXT, text.encode())
                else:
                    await self._transmit(SEND_NOTHING, b"")
            case "websocket.accept":
                fields = [(message.get("subprotocol") or "").encode("latin-1")]
                has_one = message.get("subprotocol") is not None
                await self._announce(ACCEPT, int(has_one), fields + _fields(message))
            case "websocket.close":
                code = message.get("code", 1000)
                reason = message.get("reason", "") or ""
                await self._transmit(CLOSE, reason.encode(), code)
            case "websocket.http.response.start":
                await self._announce(RESPONSE_START, message["status"], _fields(message))
            case "websocket.http.response.body":
                kind = RESPONSE_PART if message.get("more_body", False) else RESPONSE_END
                await self._transmit(kind, message["body"])
            case other:
                await self._transmit(OTHER, other.encode())

    async def _announce(self, event: int, code: int, strings: list[bytes]) -> None:
        while self._is_blocked(_send(self.id, event, code, write_bytes(strings), 0)):
            await self._free.wait()

    async def _transmit(self, event: int, data: bytes, code: int = 0) -> None:
        while self._is_blocked(cross(self.id, event, data, code)):
            await self._free.wait()

    def _is_blocked(self, reply: int) -> bool:
        if reply == RAISE:
            raise raised()
        if reply == BLOCKED:
            self._free.clear()
            return True
        return False


def cross(id: int, event: int, data: bytes, code: int = 0) -> int:
    """Hands an event to Rust, in parts where it is larger than the buffer."""
    length = len(data)
    begun = 0
    while True:
        part = data[begun : begun + SIZE] if length > SIZE else data
        size = len(part)
        view[:size] = part
        begun += size
        reply = _send(id, event, code, size, length - begun)
        if begun == length:
            return reply


def read_message() -> bytes:
    """A message from the buffer, whose rest is asked for where it is larger."""
    length = number[0]
    if length <= SIZE:
        return bytes(view[:length])
    parts = [bytes(view)]
    length -= SIZE
    while length > 0:
        _wasgi.socket_rest()
        parts.append(bytes(view[: number[0]]))
        length -= number[0]
    return b"".join(parts)


def _fields(message: Message) -> list[bytes]:
    """Header fields, as uvicorn decodes them."""
    strings: list[bytes] = []
    for name, value in message.get("headers", ()):
        strings.append(name.decode("latin-1").encode("latin-1"))
        strings.append(value.decode("latin-1").encode("latin-1"))
    return strings
