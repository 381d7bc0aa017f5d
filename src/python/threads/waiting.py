"""Blocking: a thread's stack is suspended until Rust's event loop wakes it or its time has come.

``run_sync`` suspends the whole Python stack (JSPI) on what ``asyncio.ensure_future`` makes of its
argument. For our own argument that is one permanent JavaScript thenable, so that a wait costs no
event loop of Python's.

No signal handler runs, and no other thread, while a frame of this package is on top of the stack
(see ``preemption``): what stands between two waits here is atomic.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Any, Final, NoReturn, SupportsIndex

from pyodide.ffi import can_run_sync, run_sync

import _wasgi
from _wasgi import HANDED_OVER, INTERRUPTED, IO, SLEEP, SUSPEND, TIMED_OUT

CONNECTIONS: Final = _wasgi.CONNECTIONS
"""The key of whoever waits for the worker's connections."""

new_key: Final = itertools.count(_wasgi.OBJECTS).__next__
"""A key that threads can wait for."""

request: Final[ContextVar[int | None]] = ContextVar("request", default=None)
"""The request that the running code works for, by its number in the worker."""


def _nothing(*_arguments: object) -> None:
    """Until others are installed."""


on_interrupt: Callable[[FrameType | None], None] = _nothing
"""Handles the main thread's signals (see ``preemption``); what a handler raises goes through."""

thrown: Final[dict[int, list[Any]]] = {}
"""What is to be raised in threads, by their identity, where they wait next or wait now: only green
threads have such.
"""

on_throw: Callable[[], None] = _nothing
"""Raises what is there for this thread."""


class _Wait:
    """What ``run_sync`` is given: it only has to look awaitable."""

    def __await__(self) -> NoReturn:
        raise RuntimeError("a wait is waited for by run_sync alone")


SUSPENDS: Final[bool] = _wasgi.suspends
"""Whether the browser has stack switching (JSPI). Where it has not, see ``threads.stepping``."""

_WAIT: Final = _Wait()
_gate: Final = _wasgi.gate
_begin = _wasgi.wait
_yield = _wasgi.yield_now
_ensure_future = asyncio.ensure_future
_monotonic = time.monotonic


def _ensure_future_or_gate(coro_or_future: Any, *, loop: Any = None) -> Any:
    if coro_or_future is _WAIT:
        return _gate
    return _ensure_future(coro_or_future, loop=loop)


def can_wait() -> bool:
    """Whether this stack can be suspended: the browser has JSPI and no JavaScript is below us on
    the stack.
    """
    return can_run_sync()


def _room(_value: Any = None, *, more: bool = True) -> None:
    """Raises RecursionError here, where it does no harm: Pyodide does not expect one inside
    ``ensure_future``.
    """
    if more:
        _room(more=False)


def wait(what: int, key: int | None, timeout: float | None = None, again: bool = False) -> int:
    """Waits for ``what`` (SLEEP, LOCK or IO) until ``key`` is woken, for so many seconds at most
    (None: for ever). Returns how the wait ended.

    An interrupted wait has had its signal handled, and can be begun again. Raises RuntimeError
    where this thread cannot wait, and what a signal handler raises.
    """
    if not can_run_sync():
        return _block(what, timeout)
    _room()
    limit = None if timeout is None else timeout * 1000.0
    outcome: int = _begin(what, key, limit, again, request.get())
    if outcome == SUSPEND:
        outcome = run_sync(_WAIT)
    if thrown and outcome != HANDED_OVER:
        on_throw()
    if outcome == INTERRUPTED:
        on_interrupt(sys._getframe(1))
    return outcome


def _block(what: int, timeout: float | None) -> int:
    """A wait that suspends nothing: where there is but one thread, nobody could end it before its
    time.
    """
    if SUSPENDS or timeout is None:
        raise RuntimeError(
            "this thread cannot wait here: its stack has JavaScript frames, or the browser lacks"
            " WebAssembly stack switching (JSPI: Chrome 137, Firefox 153, Safari 27)"
        )
    _wasgi.block(what, timeout * 1000.0, request.get())
    return TIMED_OUT


def wait_for_connections(timeout: float | None = None) -> None:
    """Waits until there is something to do for the worker's connections, or for so many seconds."""
    wait(IO, CONNECTIONS, timeout)


def yield_now(to_messages: bool = False) -> None:
    """Lets other threads go first, or also messages from outside the process."""
    _room()
    outcome = _yield(to_messages, request.get())
    if outcome == SUSPEND:
        outcome = run_sync(_WAIT)
    if thrown:
        on_throw()
    if outcome == INTERRUPTED:
        on_interrupt(sys._getframe(1))


def sleep(seconds: float | SupportsIndex, /) -> None:
    """``time.sleep``: this thread waits, the others go on."""
    if not isinstance(seconds, (int, float)):
        if not hasattr(seconds, "__index__"):
            raise TypeError(
                f"'{type(seconds).__name__}' object cannot be interpreted as an integer"
            )
        seconds = seconds.__index__()
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds > _LONGEST:
        raise OverflowError("timestamp out of range for platform time_t")
    if not can_run_sync():
        _wasgi.block(SLEEP, seconds * 1000.0, request.get())
        return
    if seconds == 0:
        yield_now()
        return
    end = _monotonic() + seconds
    while seconds > 0:
        wait(SLEEP, None, seconds)
        seconds = end - _monotonic()


_LONGEST: Final = 9223372036.0
"""Seconds that fit CPython's own clock, 64 bits of nanoseconds."""


def install() -> None:
    """Makes ``time.sleep`` block as on any other system, instead of spinning."""
    asyncio.ensure_future = _ensure_future_or_gate
    asyncio.tasks.ensure_future = _ensure_future_or_gate
    time.sleep = sleep
