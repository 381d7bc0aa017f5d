"""daphne's server: one asyncio loop, and daphne's two clocks.

Once a second daphne looks which apps have ended, and every two seconds which requests are too old.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import _wasgi
from _wasgi import LOST, NO_ADDRESS, PARK, REQUEST, SOCKET, STOP, WRITABLE

from ...asgi.application import App
from ...event_loop import loop as event_loop
from ...threads import waiting
from ...threads.waiting import wait_for_connections
from .options import Configuration
from .request import Request
from .websocket import WebSocket

server_log: Final = logging.getLogger("daphne.server")


class Server:
    """daphne's server: the requests that it knows of, and its clocks."""

    def __init__(self, app: App, configuration: Configuration) -> None:
        self.app = app
        self.configuration = configuration
        self.options = configuration.options
        self.logs_requests = self.options.access_log or self.options.verbosity >= 1
        self.close_timeout = self.options.application_close_timeout
        self.requests: dict[int, Request | WebSocket] = {}
        self.loop = asyncio.get_running_loop()
        self.stopping = self.loop.create_future()

    def decode(self, kind: int, id: int) -> Callable[[], object]:
        """See `event_loop.Decode`."""
        if kind == STOP:
            return self._stop
        if kind == REQUEST:
            self.requests[id] = Request(id, self)
        if kind == SOCKET:
            socket = self.requests[id] = WebSocket(id, self)
            return socket.begin
        request = self.requests.get(id)
        if isinstance(request, WebSocket):
            if kind == LOST:
                return request.lost
            return request.writable if kind == WRITABLE else request.receivable
        if request is None:
            return partial(_lost, id) if kind == LOST else int
        return request.readable

    def _stop(self) -> None:
        if not self.stopping.done():
            self.stopping.set_result(None)

    def forget(self, request: Request | WebSocket) -> None:
        """The request is over for client and app."""
        if request.task is not None or self.requests.pop(request.id, None) is None:
            return
        if isinstance(request, Request):
            _wasgi.returned(request.id, None)
        elif request.queue is None:
            _wasgi.socket_returned(request.id, None)

    def origin(self, headers: dict[bytes, list[bytes]], client: list[Any]) -> tuple[list[Any], str]:
        """The client and scheme, by the headers of a proxy where they are to be believed."""
        scheme = "http"
        if not self.options.proxy_headers:
            return client, scheme

        def header(name: str) -> str | None:
            values = headers.get(name.lower().encode())
            return values[0].decode() if values else None

        host = header(self.options.proxy_headers_host)
        if host is None:
            return client, scheme
        client = [host.split(",")[0].strip() if "," in host else host, 0]
        port = header(self.options.proxy_headers_port)
        if port is not None:
            with contextlib.suppress(ValueError):
                client[1] = int(port)
        return client, header("X-Forwarded-Proto") or scheme

    def _every(self, seconds: float, check: Callable[[], None]) -> None:
        """A clock. One that fails stops, and its error goes where Twisted's log goes: nowhere."""

        def turn() -> None:
            try:
                check()
            except Exception:
                return
            self.loop.call_later(seconds, turn)

        self.loop.call_later(seconds, turn)

    def _check_applications(self) -> None:
        """Once a second: apps that have ended are missed only here.

        An app that raises in the middle of its response makes this raise too, as in daphne, and
        then it is never called again: whoever raises later leaves its client waiting for ever.
        """
        for request in list(self.requests.values()):
            task, gone_at = request.task, request.disconnected
            if (
                gone_at is not None
                and time.time() - gone_at > self.close_timeout
                and task
                and not task.done()
            ):
                server_log.warning(
                    "Application instance %r for connection %s took too long to shut down and was"
                    " killed.",
                    task,
                    repr(request),
                )
                task.cancel()
            if task and task.done():
                if not task.cancelled() and (error := task.exception()):
                    if isinstance(error, KeyboardInterrupt):
                        self._stop()
                    else:
                        server_log.error("Exception inside application: %s", error, exc_info=error)
                        if gone_at is None:
                            request.handle_exception(error)
                request.task = task = None
            if task is None and gone_at is not None:
                self.forget(request)

    def _check_timeouts(self) -> None:
        for request in list(self.requests.values()):
            request.check_timeouts()

    async def serve(self) -> None:
        """Serves until told to stop; SystemExit where the address cannot be had."""
        host, port = self.configuration.address
        endpoint = f"tcp:port={port}:interface={host}"
        server_log.info("HTTP/2 support not enabled (install the http2 and tls Twisted extras)")
        self._every(1, self._check_applications)
        self._every(2, self._check_timeouts)
        server_log.info("Configuring endpoint %s", endpoint)
        assert isinstance(self.loop, event_loop.EventLoop)
        self.loop.serve_events(self.decode)
        while (reply := _wasgi.accept()) == PARK:
            if waiting.SUSPENDS:
                wait_for_connections()
            else:
                await asyncio.sleep(0)
        if reply == NO_ADDRESS:
            server_log.critical(
                "Listen failure: Couldn't listen on %s:%s: [Errno 98] Address already in use.",
                host,
                port,
            )
            raise SystemExit(1)
        server_log.info("Listening on TCP address %s:%s", host, port)
        await self.stopping
        await self._kill_applications()

    async def _kill_applications(self) -> None:
        if any(request.task is None and request.was_called for request in self.requests.values()):
            # daphne stumbles over such a request.
            return
        tasks = [
            request.task
            for request in self.requests.values()
            if request.task and not request.task.done()
        ]
        for task in tasks:
            task.cancel()
        server_log.info("Killed %i pending application instances", len(tasks))
        await asyncio.gather(*tasks, return_exceptions=True)


def _lost(id: int) -> None:
    """A WebSocket's connection is gone, which the server has forgotten before."""
    _wasgi.socket_lost(id)
    _wasgi.socket_returned(id, None)
