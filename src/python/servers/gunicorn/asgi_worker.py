"""gunicorn's own ASGI worker (``-k asgi``): one asyncio loop, HTTP as gunicorn writes it.

Rust parses requests and carries bytes; what gunicorn has in Python is in Python here too: the rules
of ``receive`` and ``send``, the responses, and the worker's life from its lifespan to its stop.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from signal import SIGABRT, SIGINT, SIGQUIT, SIGTERM
from typing import Any, Final

import _wasgi
from _wasgi import LOST, PARK, RECEIVABLE, REQUEST, SOCKET, STOP

from ...asgi.application import App, finish_imports
from ...asgi.cycle import wake
from ...bridge.log import DEBUG, ERROR, INFO, WARNING, log
from ...event_loop import loop as event_loop
from ...threads import waiting
from ...threads.waiting import request, wait_for_connections
from .access_log import Atoms
from .asgi_lifespan import Lifespan, StartupFailed
from .asgi_request import Request
from .asgi_websocket import Socket
from .options import Configuration

BOOT_ERROR: Final = 3
BEAT: Final = 1.0
"""Seconds between two looks at whether the worker is to stop."""

_SECURE: Final = {
    (b"x-forwarded-protocol", b"ssl"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-ssl", b"on"),
}


class Server:
    """A worker's loop."""

    def __init__(self, app: App, configuration: Configuration) -> None:
        self.app = app
        self.configuration = configuration
        self.options = configuration.options
        self.keep_alive = configuration.keep_alive
        self.most_requests = configuration.max_requests
        self.format = self.options.access_log_format
        trusted = [address.strip() for address in configuration.forwarded_allow_ips.split(",")]
        self.trusts = any(address in ("*", "127.0.0.1", "127.0.0.0/8") for address in trusted)
        self.state: dict[str, Any] = {}
        self.calls: dict[int, Request | Socket] = {}
        self.requests = 0
        self.alive = True
        self.quick = False
        self.loop = asyncio.get_running_loop()

    def scheme(self, headers: list[tuple[bytes, bytes]]) -> str:
        """As a proxy that is trusted says."""
        return "https" if self.trusts and not _SECURE.isdisjoint(headers) else "http"

    def decode(self, kind: int, id: int) -> Callable[[], object]:
        """See `event_loop.Decode`."""
        if kind == STOP:
            return self._quit if id in (SIGQUIT, SIGINT) else self._exit
        if kind == REQUEST:
            call = self.calls[id] = Request(id, self)
            return lambda: self._begin(call)
        if kind == SOCKET:
            socket = self.calls[id] = Socket(id, self)
            return lambda: self._call(socket, socket.call())
        known = self.calls.get(id)
        if isinstance(known, Socket):
            if kind == LOST:
                return known.lost
            return known.receivable if kind == RECEIVABLE else known.writable
        if known is None:
            return partial(_wasgi.socket_lost, id) if kind == LOST else int
        if kind == RECEIVABLE:
            return known.pull
        return lambda: wake(known.writable)

    def _begin(self, call: Request) -> None:
        self._call(call, call.run())
        if not call.expects:
            call.pull()

    def _call(self, call: Request | Socket, run: Coroutine[Any, Any, None]) -> None:
        # The task's context is a copy of this one.
        before = request.set(call.id)
        call.task = self.loop.create_task(run)
        request.reset(before)

    def forget(self, socket: Socket) -> None:
        """The app's call for a WebSocket is over."""
        self.calls.pop(socket.id, None)

    def ended(self, call: Request) -> None:
        """The app's call is over."""
        self.requests += 1
        if call.closes or not call.complete:
            call._out(b"", True, not call.closes)
        if self.format:
            print(self.format % Atoms(call.atoms()), flush=True)
        self.calls.pop(call.id, None)
        _wasgi.returned(call.id, None)
        if self.most_requests and self.requests >= self.most_requests:
            log(INFO, "Autorestarting worker after current request.")
            self.alive = False

    def _exit(self) -> None:
        self.alive = False

    def _quit(self) -> None:
        self.quick = True
        self.alive = False

    def _abort(self) -> None:
        self.alive = False
        sys.exit(1)

    async def serve(self) -> None:
        """Serves until told to stop; SystemExit says with which code the process ends."""
        for number, handler in (
            (SIGQUIT, self._quit),
            (SIGTERM, self._exit),
            (SIGINT, self._quit),
            (SIGABRT, self._abort),
        ):
            self.loop.add_signal_handler(number, handler)
        lifespan = await self._start()
        assert isinstance(self.loop, event_loop.EventLoop)
        self.loop.serve_events(self.decode)
        while _wasgi.accept() == PARK:
            if waiting.SUSPENDS:
                wait_for_connections()
            else:
                await asyncio.sleep(0)
        host, port = self.configuration.address
        log(INFO, f"ASGI server listening on http://{host}:{port}")
        while self.alive:
            _wasgi.notify()
            await asyncio.sleep(BEAT)
        await self._shut_down(lifespan)

    async def _start(self) -> Lifespan | None:
        mode = self.configuration.lifespan
        if mode == "off":
            return None
        lifespan = Lifespan(self.app, self.state)
        try:
            await lifespan.startup()
        except Exception as error:
            if mode == "on" or isinstance(error, StartupFailed):
                log(ERROR, f"ASGI lifespan startup failed: {error}")
                raise SystemExit(BOOT_ERROR) from None
            log(DEBUG, f"ASGI lifespan not supported by app: {error}")
            return None
        return lifespan

    async def _shut_down(self, lifespan: Lifespan | None) -> None:
        log(INFO, "Worker shutting down...")
        _wasgi.close_listeners()
        if (count := _wasgi.connections()) and not self.quick:
            log(INFO, f"Waiting for {count} connections to finish...")
            deadline = self.loop.time() + (self.configuration.graceful_timeout or 0.0)
            while (count := _wasgi.connections()) and self.loop.time() < deadline:
                if self.quick:
                    log(INFO, "Quick shutdown requested")
                    break
                await asyncio.sleep(0.1)
            if count:
                log(WARNING, f"Forcing close of {count} connections")
        if lifespan is not None and not self.quick:
            await lifespan.shutdown()


def run(app: App, configuration: Configuration) -> Generator[None, int]:
    """Serves until told to stop. A generator: see ``threads.stepping``."""

    finish_imports()

    async def serve() -> None:
        await Server(app, configuration).serve()

    if waiting.SUSPENDS:
        asyncio.run(serve())
        return
    from ...event_loop import stepped

    yield from stepped.run(serve())
