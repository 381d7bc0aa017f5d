"""The running asyncio loop under gevent. The original knows of one for each thread of the system,
and all greenlets of a hub are one such thread: while the loop of one runs, the others cannot run
theirs. So four async views at once are one answer and three errors.
"""

import asyncio
from asyncio import AbstractEventLoop, events

_get_own = events._get_running_loop
_set_own = events._set_running_loop
_running: AbstractEventLoop | None = None


def _get_running_loop() -> AbstractEventLoop | None:
    """Return the running event loop or None."""
    return _running


def _set_running_loop(loop: AbstractEventLoop | None, /) -> None:
    """Set the running event loop."""
    global _running
    # A greenlet that begins has none, whatever the others do.
    if loop is not None or _get_own() is _running:
        _running = loop
    _set_own(loop)


def get_running_loop() -> AbstractEventLoop:
    """Return the running event loop.  Raise a RuntimeError if there is none."""
    if _running is None:
        raise RuntimeError("no running event loop")
    return _running


def share() -> None:
    """From here on, all greenlets have the same running loop."""
    for module in (asyncio, events):
        vars(module).update(
            _get_running_loop=_get_running_loop,
            _set_running_loop=_set_running_loop,
            get_running_loop=get_running_loop,
        )
