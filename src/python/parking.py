"""Blocking: a thread parks in Rust's event loop until it is woken or its time has come.

``run_sync`` suspends the whole Python stack (JSPI) on what ``asyncio.ensure_future`` makes of its argument. For our own
argument that is one permanent JavaScript thenable, so that a park costs no event loop of Python's.
"""

import asyncio
import time
from typing import Any, Final

import _wasgi
from pyodide.ffi import can_run_sync, run_sync


class _Park:
    """What ``run_sync`` is given: it only has to look awaitable."""

    def __await__(self) -> Any:
        raise RuntimeError("a park is waited for by run_sync alone")


_PARK: Final = _Park()
_gate: Final = _wasgi.gate
_arm = _wasgi.park
_interrupted = _wasgi.interrupted
_ensure_future = asyncio.ensure_future
_native_sleep = time.sleep
_monotonic = time.monotonic


def _ensure_future_or_gate(coro_or_future: Any, *, loop: Any = None) -> Any:
    if coro_or_future is _PARK:
        return _gate
    return _ensure_future(coro_or_future, loop=loop)


def _leave_if_interrupted() -> None:
    """What the signal handlers of gunicorn's workers do, where the thread stands: in the app."""
    code = _interrupted()
    if code >= 0:
        raise SystemExit(code)


def can_park() -> bool:
    """Whether this stack can be suspended: the browser has JSPI and no JavaScript is below us on the stack."""
    return can_run_sync()


def park(timeout: float = -1.0) -> None:
    """Waits until Rust has something for this thread, or for so many seconds (negative: for ever)."""
    _arm(True, timeout * 1000.0)
    run_sync(_PARK)
    _leave_if_interrupted()


def sleep(seconds: float, /) -> None:
    """``time.sleep``: this thread waits, the worker's event loop goes on."""
    if not isinstance(seconds, (int, float)):
        if not hasattr(seconds, "__index__"):
            raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
        seconds = seconds.__index__()
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if not can_run_sync():
        _native_sleep(seconds)
        return
    end = _monotonic() + seconds
    while True:
        _arm(False, seconds * 1000.0)
        run_sync(_PARK)
        _leave_if_interrupted()
        seconds = end - _monotonic()
        if seconds <= 0:
            return


def install() -> None:
    """Makes ``time.sleep`` block as on any other system, instead of spinning."""
    asyncio.ensure_future = _ensure_future_or_gate
    asyncio.tasks.ensure_future = _ensure_future_or_gate
    time.sleep = sleep
