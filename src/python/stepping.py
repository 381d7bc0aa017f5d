"""Life without stack switching (JSPI): the main thread cannot be suspended, so it returns, and is
called again for what comes.

The life of a process is a generator that yields where its stack would be suspended; JavaScript
resumes it (`Threads.live`). With JSPI it never yields. What cannot return, an app's own waits,
blocks the worker (``parking.wait``), and there is one thread.
"""

import asyncio
import io
import sys
from asyncio import events
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

import _wasgi

from . import parking, wsgi
from .crossing import SIZE, take_text, view
from .entering import anew
from .event_loop import TURN, EventLoop, Selector
from .parking import CONNECTIONS, INTERRUPTED, IO, request

type Steps[T] = Generator[None, int, T]
"""Yields to wait, and is sent how the wait ended."""

PARK: Final = -1
BROKEN: Final = -2


def parked(timeout: float = -1.0) -> Steps[None]:
    """``parking.park``."""
    outcome: int = _wasgi.wait(IO, CONNECTIONS, timeout * 1000.0, False, request.get())
    if outcome < 0:
        outcome = yield
    if outcome == INTERRUPTED:
        parking.on_interrupt(sys._getframe())


def turned() -> Steps[None]:
    """``parking.yield_now(True)``."""
    outcome: int = _wasgi.yield_now(True, request.get())
    if outcome < 0:
        outcome = yield
    if outcome == INTERRUPTED:
        parking.on_interrupt(sys._getframe())


# --- asyncio


class _Selector(Selector):
    """Never waits: whoever steps the loop does."""

    def __init__(self) -> None:
        super().__init__()
        self._events: list[Callable[[], object]] = []
        self.turn = False

    def look(self) -> bool:
        """Whether there are events."""
        self.turn = self._drain(self._events) == TURN
        return bool(self._events)

    def select(self, timeout: float | None = None) -> list[Callable[[], object]]:
        """The events that are there."""
        ready, self._events = self._events, []
        return ready


class SteppedLoop(EventLoop):
    """A loop that is stepped."""

    def __init__(self) -> None:
        super().__init__()
        self._selector: _Selector = _Selector()
        self._ready: Any
        self._scheduled: list[events.TimerHandle]

    def until_done[T](self, task: asyncio.Task[T]) -> Steps[T]:
        """``run_until_complete``."""
        self._run_forever_setup()  # type: ignore[attr-defined]
        run_once = anew(self._run_once)
        try:
            while True:
                run_once()
                if task.done():
                    return task.result()
                yield from self._wait()
        finally:
            self._run_forever_cleanup()  # type: ignore[attr-defined]

    def _wait(self) -> Steps[None]:
        rest = -1.0
        if self._selector.look() or self._ready:
            rest = 0.0
        elif self._scheduled:
            rest = max(0.0, self._scheduled[0].when() - self.time())
        if rest != 0.0:
            _wasgi.polling(True)
            try:
                yield from parked(rest)
            finally:
                _wasgi.polling(False)
        elif self._selector.turn:
            yield from turned()


def run[T](main: Coroutine[Any, Any, T]) -> Steps[T]:
    """``asyncio.run``."""
    loop = SteppedLoop()
    events.set_event_loop(loop)
    try:
        return (yield from loop.until_done(loop.create_task(main)))
    finally:
        try:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                yield from loop.until_done(loop.create_task(asyncio.wait(tasks)))
            yield from loop.until_done(loop.create_task(loop.shutdown_asyncgens()))
        finally:
            events.set_event_loop(None)
            loop.close()


# --- WSGI


class _Body(io.RawIOBase):
    """A request body that has come whole, as far as it came."""

    def __init__(self, data: bytes, error: Exception | None) -> None:
        self._data = io.BytesIO(data)
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """At least one byte, or none at the end of the body; raises what the server raises there."""
        count = self._data.readinto(buffer)
        if not count and len(buffer) and self._error is not None:
            raise self._error
        return count


class _Exchange(wsgi.Exchange):
    """Takes all that the app writes, however slow the client is."""

    def _settle(self, state: int) -> None:
        super()._settle(0 if state == PARK else state)


def whole_body(id: int) -> Steps[io.BufferedReader]:
    """The body of a request, once the client has sent it."""
    parts: list[bytes] = []
    error: Exception | None = None
    while count := _wasgi.read_body(id, SIZE):
        if count > 0:
            parts.append(bytes(view[:count]))
        elif count == PARK:
            yield from parked()
        else:
            error = wsgi._error(take_text(BROKEN - count))
            break
    return io.BufferedReader(_Body(b"".join(parts), error))


def flushed(id: int) -> Steps[None]:
    """Waits until the client has taken the answer."""
    while _wasgi.flushed(id) == PARK:
        yield from parked()


def serve(app: wsgi.App) -> Steps[None]:
    """``wsgi.serve``. The app gets a request when its body is there."""
    base = wsgi.base_environ()
    exchange = _Exchange(0, CONNECTIONS)
    run = anew(exchange.run, app)
    while True:
        event = _wasgi.next_request(0)
        if event == 0:
            yield from parked()
            continue
        if event < 0:
            return
        has_body = event & 3 == 2
        environ = exchange.environ(base, False)
        request.set(event >> 2)
        if has_body:
            environ["wsgi.input"] = yield from whole_body(exchange.id)
        run(environ)
        yield from flushed(exchange.id)
        request.set(0)
        del environ
