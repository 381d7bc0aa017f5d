"""asyncio's event loop where the main thread cannot be suspended: see ``threads.stepping``."""

import asyncio
from asyncio import events
from collections.abc import Callable, Coroutine
from typing import Any

import _wasgi
from _wasgi import TURN

from ..bridge.through_c import through_c
from ..threads.stepping import Steps, wait_for_connections, yield_to_messages
from .loop import EventLoop, Selector


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

    def until_done[T](self, task: asyncio.Task[T]) -> Steps[T]:
        """``run_until_complete``."""
        self._run_forever_setup()
        run_once = through_c(self._run_once)
        try:
            while True:
                run_once()
                if task.done():
                    return task.result()
                yield from self._wait()
        finally:
            self._run_forever_cleanup()

    def _wait(self) -> Steps[None]:
        rest: float | None = None
        if self._selector.look() or self._ready:
            rest = 0.0
        elif self._scheduled:
            rest = max(0.0, self._scheduled[0].when() - self.time())
        if rest != 0.0:
            _wasgi.set_polling(True)
            try:
                yield from wait_for_connections(rest)
            finally:
                _wasgi.set_polling(False)
        elif self._selector.turn:
            yield from yield_to_messages()


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
