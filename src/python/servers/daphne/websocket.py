"""A WebSocket of daphne: ``daphne/ws_protocol.py`` over frames that Rust reads and writes
(``src/asgi/websocket/autobahn.rs``).
"""

import asyncio
import logging
import struct
import time
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import unquote

import _wasgi
from _wasgi import BYTES, CLOSE, HANDSHAKE, PARK, PING, RAISE, REFUSAL, SEND_BYTES, SEND_TEXT, TEXT

from ...asgi.application import App, Message
from ...asgi.websocket import cross, read_message
from ...bridge.buffer import number, read_bytes
from ...bridge.exceptions import raised
from ...bridge.tracebacks import traceback_of
from .handshake import Denied, Handshake, answer, read
from .options import Options

log: Final = logging.getLogger("daphne.ws_protocol")

INTERNAL_ERROR: Final = 1011
NOT_CONNECTED: Final = "cannot close a connection not yet connected"
NO_STATUS: Final = 1005
"""What Rust has for a close frame without a code."""


class Server(Protocol):
    """What a WebSocket needs of the server that has it."""

    app: App
    options: Options
    logs_requests: bool

    def forget(self, request: WebSocket) -> None:
        """The connection is over for client and app."""

    def origin(self, headers: dict[bytes, list[bytes]], client: list[Any]) -> tuple[list[Any], str]:
        """The client and scheme, by the headers of a proxy where they are to be believed."""


class WebSocket:
    """A connection, and the app that has it."""

    def __init__(self, id: int, server: Server) -> None:
        self.id = id
        self.server = server
        (_, self.method, _, _, self.uri, _, _, host, port, own_host, own_port, *fields) = (
            read_bytes()
        )
        pairs = iter(fields)
        self.headers: dict[bytes, list[bytes]] = {}
        for name, value in zip(pairs, pairs):
            self.headers.setdefault(name, []).append(value)
        self.client: list[Any] = [host.decode(), int(port)]
        self.own_address: list[Any] = [own_host.decode(), int(own_port)]
        self.path = b""
        self.queue: asyncio.Queue[Message] | None = None
        self.task: asyncio.Future[None] | None = None
        self.opened = self.last_ping = time.time()
        self.pings = 0
        self.disconnected: float | None = None
        self.handshake: Handshake | None = None
        self.is_connecting = True
        self.is_decided = False

    @property
    def was_called(self) -> bool:
        """Whether the app has heard of it."""
        return self.queue is not None

    def begin(self) -> None:
        """Reads the handshake, and calls the app."""
        try:
            self.handshake = read(self.method, self.uri, self.headers)
        except Denied as denied:
            self._refuse(denied)
        else:
            try:
                self._connect(self.handshake)
            except Exception as error:
                log.error(f"{traceback_of(error)}\n")
                self._refuse(Denied(f"Internal server error: {error}", 500))
        self.receivable()

    def _connect(self, handshake: Handshake) -> None:
        root_path = self.server.options.root_path
        headers = []
        for name, text in handshake.headers.items():
            if name == "daphne-root-path":
                root_path = unquote(text)
            else:
                headers.append((name.encode("ascii"), text.encode("latin-1")))
        self.client, _ = self.server.origin({name: [value] for name, value in headers}, self.client)
        subprotocols = []
        for key, value in headers:
            if key == b"sec-websocket-protocol":
                subprotocols = [x.strip() for x in unquote(value.decode("ascii")).split(",")]
        self.path = handshake.path.encode("ascii")
        queue = self.queue = asyncio.Queue[Message]()
        scope = {
            "type": "websocket",
            "path": unquote(self.path.decode("ascii")),
            "raw_path": self.path,
            "root_path": root_path,
            "headers": headers,
            "query_string": self.uri.partition(b"?")[2],
            "client": self.client,
            "server": self.own_address,
            "subprotocols": subprotocols,
            "asgi": {"version": "3.0"},
        }
        call: Any = self.server.app
        self.task = asyncio.ensure_future(call(scope=scope, receive=queue.get, send=self.send))
        self.task.add_done_callback(lambda _: _wasgi.socket_returned(self.id, None))
        queue.put_nowait({"type": "websocket.connect"})
        self._log_action("WSCONNECTING")

    # --- what comes from the client

    def receivable(self) -> None:
        """Something came: messages, or the connection's end."""
        while (reply := _wasgi.socket_receive(self.id)) != PARK:
            if reply in (TEXT, BYTES):
                self._message(reply == TEXT, read_message())
            else:
                self._closed(None if number[0] == NO_STATUS else number[0])
                return

    def writable(self) -> None:
        """Nobody waits for that."""

    def lost(self) -> None:
        """The connection is gone. Twisted says so in a later turn, after the app has gone on with
        what it was told before.
        """
        asyncio.get_running_loop().call_soon(self._lost)

    def _lost(self) -> None:
        _wasgi.socket_lost(self.id)
        self.receivable()
        if self.task is None or self.task.done():
            _wasgi.socket_returned(self.id, None)

    def _message(self, is_text: bool, data: bytes) -> None:
        log.debug("WebSocket incoming frame on %s", self.client)
        self.last_ping = time.time()
        assert self.queue is not None
        if is_text:
            self.queue.put_nowait({"type": "websocket.receive", "text": data.decode()})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})

    def _closed(self, code: int | None) -> None:
        self.is_connecting = False
        if self.queue is None:
            # The app has never heard of it.
            self.server.forget(self)
            return
        self.disconnected = self.disconnected or time.time()
        log.debug("WebSocket closed for %s", self.client)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self._log_action("WSDISCONNECT")

    # --- what goes to the client

    async def send(self, message: Message) -> None:
        """ASGI's ``send``: nothing waits for the client, nothing is sent once it is gone."""
        if self.disconnected is not None:
            return
        kind = message["type"]
        if kind == "websocket.accept":
            self._accept(message.get("subprotocol", None))
        elif kind == "websocket.close":
            if self.is_connecting:
                self._reject()
            else:
                self._close(message.get("code", None))
        elif kind == "websocket.send":
            if self.is_connecting:
                raise ValueError("Socket has not been accepted, so cannot send over it")
            data, text = message.get("bytes", None), message.get("text", None)
            if data and text:
                raise ValueError(
                    f"Got invalid WebSocket reply message on {message} - contains both bytes and"
                    " text keys"
                )
            if data:
                self._transmit(SEND_BYTES, data)
            if text:
                self._transmit(SEND_TEXT, text.encode())

    def _transmit(self, event: int, data: bytes) -> None:
        log.debug("Sent WebSocket packet to client for %s", self.client)
        assert type(data) is bytes, f'"payload" must have type bytes, but was "{type(data)}"'
        self._out(event, data)

    def _accept(self, subprotocol: str | None) -> None:
        self._decide()
        assert self.handshake is not None
        if not self.is_connecting:
            return
        if subprotocol is not None and subprotocol not in self.handshake.protocols:
            # autobahn raises, and nobody looks at that: the client waits for ever.
            return
        try:
            response = answer(self.handshake, subprotocol, self.server.options.server_name)
        except Denied as denied:
            self._refuse(denied)
        else:
            self.is_connecting = False
            self._log_open()
            self._out(HANDSHAKE, response)
        log.debug("WebSocket %s accepted by application", self.client)

    def _log_open(self) -> None:
        log.debug("WebSocket %s open and established", self.client)
        self._log_action("WSCONNECT")

    def _reject(self) -> None:
        self._decide()
        self._refuse(Denied("Access denied", 403))
        self.disconnected = self.disconnected or time.time()
        log.debug("WebSocket %s rejected by application", self.client)
        self._log_action("WSREJECT")

    def _decide(self) -> None:
        """The app has accepted or rejected: it can do so once."""
        if self.is_decided:
            raise AttributeError("'WebSocketProtocol' object has no attribute 'handshake_deferred'")
        self.is_decided = True

    def _refuse(self, denied: Denied) -> None:
        self.is_connecting = False
        self._out(REFUSAL, denied.response())

    def _close(self, code: Any) -> None:
        code = 1000 if code is None else code
        if type(code) is not int:
            raise Exception(f"invalid type '{type(code)}' for close code (must be an integer)")
        if code != 1000 and not 3000 <= code <= 4999:
            raise Exception(f"invalid close code {code} (must be 1000 or from [3000, 4999])")
        self._out(CLOSE, b"", code)

    def _out(self, event: int, data: bytes, code: int = 0) -> None:
        if cross(self.id, event, data, code) == RAISE:
            raise raised()

    # --- the server's clocks

    def handle_exception(self, error: BaseException) -> None:
        """The app has raised."""
        if not self.is_decided:
            self._refuse(Denied("Internal server error", 500))
        elif self.is_connecting:
            raise Exception(NOT_CONNECTED)
        else:
            self._out(CLOSE, b"", INTERNAL_ERROR)

    def check_timeouts(self) -> None:
        """Is this connection too old, or too quiet?"""
        age = time.time() - self.opened
        options = self.server.options
        if options.websocket_timeout >= 0 and age > options.websocket_timeout:
            if self.is_connecting:
                raise Exception(NOT_CONNECTED)
            self._close(None)
        if self.is_connecting:
            if age > options.websocket_connect_timeout:
                self._reject()
        elif self.disconnected is None and time.time() - self.last_ping > options.ping_interval:
            self.pings += 1
            self._out(PING, struct.pack(">QL", time.time_ns(), self.pings))
            self.last_ping = time.time()

    def _log_action(self, action: str) -> None:
        if self.server.logs_requests:
            host = ":".join(map(str, self.client))
            when = datetime.now().strftime("%d/%b/%Y:%H:%M:%S")
            print(f'{host} - - [{when}] "{action} {self.path.decode()}" - -', flush=True)

    def __repr__(self) -> str:
        return f"<WebSocketProtocol client={self.client!r} path={self.path!r}>"
