"""uvicorn's server: one asyncio loop, from the lifespan's startup to its shutdown."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partial
from signal import SIGINT, SIGTERM
from typing import Any, Final

import _wasgi
from _wasgi import LOST, NO_ADDRESS, PARK, RECEIVABLE, REQUEST, SIGNAL_DEFAULT, SOCKET, STOP

from ...asgi import websocket
from ...asgi.application import App, Scope, finish_imports
from ...asgi.cycle import Cycle, octets, octets_or_ascii, read_scope, wake
from ...asgi.websocket import Socket
from ...bridge.log import ERROR, INFO, log
from ...event_loop import loop as event_loop
from ...process.configuration import Configuration
from ...threads import waiting
from ...threads.waiting import request, wait_for_connections
from .lifespan import Lifespan

STARTUP_FAILURE: Final = 3
"""The exit code of a server whose app has not started."""
TICK: Final = 0.1
"""Seconds between two looks at whether connections and tasks are gone (uvicorn's own)."""


class Server:
    """One event loop's worth of uvicorn."""

    def __init__(self, app: App, configuration: Configuration[Any], fresh_contexts: bool) -> None:
        """``fresh_contexts`` is whether each request has a context of its own."""
        self.app = app
        self.configuration = configuration
        self.running: dict[int, Cycle | Socket] = {}
        """What the app has not returned from, by connection."""
        self.lifespan = Lifespan(app, configuration.lifespan)
        self.stopping = asyncio.Event()
        self.signal = 0
        self.forced = False
        self.fresh_contexts = fresh_contexts
        self.octets = octets_or_ascii if configuration.http == "h11" else octets
        self.loop = asyncio.get_running_loop()

    def decode(self, kind: int, id: int) -> Callable[[], object]:
        """See `event_loop.Decode`."""
        if kind == REQUEST:
            scope = read_scope(self.lifespan.state)
            return partial(self._request, id, scope)
        if kind == STOP:
            return lambda: self._stop(id)
        if kind == SOCKET:
            return partial(self._socket, id, websocket.read_scope(self.lifespan.state))
        running = self.running.get(id)
        if running is None:
            return partial(_wasgi.socket_lost, id) if kind == LOST else int
        if isinstance(running, Socket):
            if kind == LOST:
                return running.lost
            return running.receivable if kind == RECEIVABLE else running.writable
        if kind == RECEIVABLE:
            return running.receivable
        return lambda: wake(running.writable)

    def _stop(self, number: int) -> None:
        if self.stopping.is_set() and number == SIGINT:
            # Nothing more is waited for.
            self.forced = True
        self.signal = number
        self.stopping.set()

    def _request(self, id: int, scope: Scope) -> None:
        cycle = self.running[id] = Cycle(id, self.loop, self.octets)
        self._start(id, cycle, cycle.run(self.app, scope))

    def _socket(self, id: int, scope: Scope) -> None:
        socket = self.running[id] = Socket(id, self.loop)
        self._start(id, socket, socket.run(self.app, scope))

    def _start(self, id: int, running: Cycle | Socket, run: Coroutine[Any, Any, None]) -> None:
        if self.fresh_contexts:
            context = Context()
            context.run(request.set, id)
            task = asyncio.Task(run, loop=self.loop, eager_start=True, context=context)
        else:
            # The task's context is a copy of this one.
            before = request.set(id)
            task = asyncio.Task(run, loop=self.loop, eager_start=True)
            request.reset(before)
        if task.done():
            del self.running[id]
        else:
            running.task = task
            task.add_done_callback(lambda _: self.running.pop(id, None))

    async def beat(self, interval: float) -> None:
        """The heartbeat of a worker under gunicorn's arbiter, from the loop: a blocked loop misses
        it.
        """
        while True:
            _wasgi.notify()
            await asyncio.sleep(interval)

    async def serve(self) -> None:
        """Serves until told to stop. SystemExit says with which code the process ends."""
        for number in (SIGINT, SIGTERM):
            # uvicorn's handlers replace asyncio's and the app's; they are in Rust.
            _wasgi.set_disposition(number, SIGNAL_DEFAULT)
        log(INFO, f"Started server process [{self.configuration.pid}]")
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise SystemExit(STARTUP_FAILURE)
        assert isinstance(self.loop, event_loop.EventLoop)
        self.loop.serve_events(self.decode)
        while (reply := _wasgi.accept()) == PARK:
            if waiting.SUSPENDS:
                wait_for_connections()
            else:
                await asyncio.sleep(0)
        if reply == NO_ADDRESS:
            host, port = self.configuration.address
            log(
                ERROR,
                f"[Errno 98] error while attempting to bind on address ('{host}', {port}): address"
                " already in use",
            )
            await self.lifespan.shutdown()
            raise SystemExit(STARTUP_FAILURE)
        await self._until_stopped()
        await self._shutdown()
        log(INFO, f"Finished server process [{self.configuration.pid}]")

    async def _until_stopped(self) -> None:
        limit = self.configuration.max_requests
        if not limit:
            begun = self.loop.time()
            await self.stopping.wait()
            # uvicorn looks ten times a second.
            await asyncio.sleep(TICK - (self.loop.time() - begun) % TICK)
            return
        while not self.stopping.is_set() and _wasgi.total() < limit:
            await asyncio.sleep(TICK)
        if not self.stopping.is_set():
            log(INFO, f"Maximum request limit of {limit} exceeded. Terminating process.")

    async def _shutdown(self) -> None:
        log(INFO, "Shutting down")
        if self.configuration.server == "gunicorn":
            # It closes what its loop has closed already.
            log(INFO, "Error while closing socket [Errno 9] Bad file descriptor")
        _wasgi.close_listeners()
        await asyncio.sleep(TICK)
        try:
            async with asyncio.timeout(self.configuration.graceful_timeout):
                await self._idle()
        except TimeoutError:
            log(
                ERROR,
                f"Cancel {len(self.running)} running task(s), timeout graceful shutdown exceeded",
            )
            tasks = [running.task for running in self.running.values() if running.task]
            for task in tasks:
                task.cancel("Task cancelled, timeout graceful shutdown exceeded")
            # They end while the application shuts down.
        if not self.forced:
            await self.lifespan.shutdown()

    async def _idle(self) -> None:
        if _wasgi.connections():
            log(INFO, "Waiting for connections to close. (CTRL+C to force quit)")
            while _wasgi.connections() and not self.forced:
                await asyncio.sleep(TICK)
        if self.running and not self.forced:
            log(INFO, "Waiting for background tasks to complete. (CTRL+C to force quit)")
            while self.running and not self.forced:
                await asyncio.sleep(TICK)


def run(
    app: App, configuration: Configuration[Any], fresh_contexts: bool = False
) -> Generator[None, int, int]:
    """Serves until told to stop; returns the number of the signal that stopped it, or 0. A
    generator: see ``threads.stepping``.
    """
    finish_imports()

    async def serve() -> int:
        server = Server(app, configuration, fresh_contexts)
        heartbeat = configuration.heartbeat
        beat = asyncio.create_task(server.beat(heartbeat)) if heartbeat else None
        await server.serve()
        if beat:
            beat.cancel()
        return server.signal

    if waiting.SUSPENDS:
        return asyncio.run(serve())
    from ...event_loop import stepped

    return (yield from stepped.run(serve()))
