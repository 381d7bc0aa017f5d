"""A WebSocket of gunicorn's own ASGI worker, by gunicorn's rules of ``send``.

Frames and handshakes are in Rust (``src/asgi/websocket/gunicorn.rs``).
"""

import asyncio
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import _wasgi
from _wasgi import ACCEPT, CLOSE, SEND_BYTES, SEND_NOTHING, SEND_TEXT

from ...asgi import websocket
from ...asgi.application import App, Message, Scope
from ...bridge.buffer import read_bytes, write_text
from ...bridge.exceptions import CLIENT_GONE
from ...bridge.tracebacks import traceback_of
from .options import Options


class Server(Protocol):
    """What a WebSocket needs of the worker that has it."""

    app: App
    options: Options
    state: dict[str, Any]
    loop: asyncio.AbstractEventLoop

    def scheme(self, headers: list[tuple[bytes, bytes]]) -> str:
        """As a proxy that is trusted says."""

    def forget(self, socket: Socket) -> None:
        """The app's call is over."""


class Socket(websocket.Socket):
    """A WebSocket connection that the app has."""

    __slots__ = ("scope", "server")

    def __init__(self, id: int, server: Server) -> None:
        super().__init__(id, server.loop)
        self.server = server
        self.scope = _read_scope(server)

    async def call(self) -> None:
        """Calls the app and settles what it leaves open."""
        try:
            await self.server.app(self.scope, self.receive, self.send)
        except CLIENT_GONE:
            _wasgi.socket_raised(self.id, None)
        except Exception as error:
            _wasgi.socket_raised(self.id, write_text(traceback_of(error)))
        except BaseException:
            # Cancelled: gunicorn says nothing, and closes as if the app had returned.
            _wasgi.socket_returned(self.id, None)
        else:
            _wasgi.socket_returned(self.id, None)
        finally:
            self.server.forget(self)

    def lost(self) -> None:
        """The connection is gone: the app has a while to end by itself."""
        self.loop.call_soon(self._lost)

    def _lost(self) -> None:
        _wasgi.socket_lost(self.id)
        if self.task is None or self.task.done():
            return
        grace = self.server.options.asgi_disconnect_grace_period
        if grace > 0:
            self.loop.call_later(grace, self.task.cancel)
        else:
            self.task.cancel()

    async def send(self, message: Message) -> None:
        """ASGI's ``send``. Events that gunicorn does not know it does not see."""
        match message["type"]:
            case "websocket.accept":
                fields = [(message.get("subprotocol") or "").encode("latin-1")]
                for name, value in message.get("headers", []):
                    fields += (_octets(name), _octets(value))
                has_one = message.get("subprotocol") is not None
                await self._announce(ACCEPT, int(has_one), fields)
            case "websocket.send":
                text = message.get("text")
                data = message.get("bytes")
                if text is not None:
                    await self._transmit(SEND_TEXT, text.encode())
                elif data is not None:
                    await self._transmit(SEND_BYTES, _octets(data))
                else:
                    await self._transmit(SEND_NOTHING, b"")
            case "websocket.close":
                code = message.get("code", 1000)
                reason = message.get("reason", "") or ""
                await self._transmit(CLOSE, reason.encode(), code if isinstance(code, int) else -1)


def _octets(part: Any) -> bytes:
    return part.encode("latin-1") if isinstance(part, str) else bytes(part)


def _read_scope(server: Server) -> Scope:
    """The scope of the request that Rust has written, as gunicorn makes it."""
    version, _, _, _, target, _, _, host, port, own_host, own_port, *fields = read_bytes()
    pairs = iter(fields)
    headers = list(zip(pairs, pairs))
    raw_path, _, query = target.partition(b"?")
    offered = next((value for name, value in headers if name == b"sec-websocket-protocol"), None)
    names = offered.decode("latin-1").split(",") if offered is not None else []
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": version.decode(),
        "scheme": "wss" if server.scheme(headers) == "https" else "ws",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": server.options.root_path,
        "headers": headers,
        "server": (own_host.decode(), int(own_port)),
        "client": (host.decode(), int(port)),
        "subprotocols": [name.strip() for name in names],
        "state": server.state.copy(),
    }
