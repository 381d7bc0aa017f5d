"""Life without stack switching (JSPI): the main thread cannot be suspended, so it returns, and is
called again for what comes.

The life of a process is a generator that yields where its stack would be suspended; JavaScript
resumes it (`MainThread.runInSteps`). With JSPI it never yields. What cannot return, an app's own
waits, blocks the worker (``waiting.wait``), and there is one thread.
"""

import sys
from collections.abc import Generator

import _wasgi
from _wasgi import INTERRUPTED, IO, SUSPEND

from . import waiting
from .waiting import CONNECTIONS, request

type Steps[T] = Generator[None, int, T]
"""Yields to wait, and is sent how the wait ended."""


def wait_for_connections(timeout: float | None = None) -> Steps[None]:
    """``waiting.wait_for_connections``."""
    limit = None if timeout is None else timeout * 1000.0
    outcome: int = _wasgi.wait(IO, CONNECTIONS, limit, False, request.get())
    if outcome == SUSPEND:
        outcome = yield
    if outcome == INTERRUPTED:
        waiting.on_interrupt(sys._getframe())


def yield_to_messages() -> Steps[None]:
    """``waiting.yield_now(to_messages=True)``."""
    outcome: int = _wasgi.yield_now(True, request.get())
    if outcome == SUSPEND:
        outcome = yield
    if outcome == INTERRUPTED:
        waiting.on_interrupt(sys._getframe())
