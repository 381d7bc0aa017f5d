"""Exceptions that are raised in other threads, and gevent's ``Timeout``.

A thread waits in ``waiting.wait`` alone. Who throws leaves the exception there (``waiting.thrown``)
and ends the wait.
"""

import _thread
from collections.abc import Callable
from typing import Any, Final

import _wasgi

from ..threads import thread_module as threads
from ..threads import waiting
from .timers import Timer, timers


def raise_thrown() -> None:
    """Raises what was thrown into the running thread (``waiting.on_throw``)."""
    me = _thread.get_ident()
    if (errors := waiting.thrown.get(me)) is None:
        return
    error = errors.pop(0)
    if not errors:
        del waiting.thrown[me]
    raise error


waiting.on_throw = raise_thrown


def throw_into(ident: int, error: BaseException | type[BaseException]) -> None:
    """Raises an exception in a thread, where it waits now or will wait next."""
    waiting.thrown.setdefault(ident, []).append(error)
    _wasgi.interrupt_thread((ident - threads.MAIN) // threads.STEP + 1)


def withdraw(ident: int, error: BaseException | type[BaseException]) -> None:
    """Withdraws what was thrown into a thread and has not been raised there."""
    errors = waiting.thrown.get(ident, [])
    if error in errors:
        errors.remove(error)
        if not errors:
            del waiting.thrown[ident]


class Timeout(BaseException):
    """An exception that is raised, after so many seconds, in the thread that has started it."""

    __module__ = "gevent.timeout"

    def __init__(
        self,
        seconds: float | None = None,
        exception: Any = None,
        ref: bool = True,
        priority: int = -1,
    ) -> None:
        super().__init__()
        self.seconds = seconds
        self.exception = exception
        self._timer: Timer | None = None
        self._target = 0

    @property
    def pending(self) -> bool:
        """Whether it may still be raised."""
        return self._timer is not None and self._timer.pending

    def _thrown(self) -> Any:
        itself = (
            self.exception is None or self.exception is False or isinstance(self.exception, str)
        )
        return self if itself else self.exception

    def start(self) -> None:
        """Starts the timer."""
        if self.pending:
            raise AssertionError(f"{self!r} is already started; to restart it, cancel it first")
        if self.seconds is not None:
            self._target = _thread.get_ident()
            self._timer = timers.add(self.seconds, lambda: throw_into(self._target, self._thrown()))

    @classmethod
    def start_new(cls, timeout: Any = None, exception: Any = None, ref: bool = True) -> Timeout:
        """Returns a started Timeout: a new one, or ``timeout`` if it is one."""
        if isinstance(timeout, Timeout):
            if not timeout.pending:
                timeout.start()
            return timeout
        started = cls(timeout, exception)
        started.start()
        return started

    def cancel(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.stop()
            withdraw(self._target, self._thrown())

    close = cancel

    def __enter__(self) -> Timeout:
        if not self.pending:
            self.start()
        return self

    def __exit__(self, _kind: object, value: BaseException | None, _traceback: object) -> bool:
        self.cancel()
        return value is self and self.exception is False

    def __str__(self) -> str:
        if self.seconds is None:
            return ""
        text = f"{self.seconds} second{'' if self.seconds == 1 else 's'}"
        if self.exception is None:
            return text
        return f"{text} (silent)" if self.exception is False else f"{text}: {self.exception}"

    def __repr__(self) -> str:
        exception = "" if self.exception is None else f" exception={self.exception!r}"
        pending = " pending" if self.pending else ""
        return (
            f"<{type(self).__name__} at {id(self):#x} seconds={self.seconds}{exception}{pending}>"
        )


_NO_VALUE: Final = object()


def with_timeout(
    seconds: float | None, function: Callable[..., Any], *args: Any, **kwds: Any
) -> Any:
    """Calls ``function``, for so many seconds at most; then returns ``timeout_value``, or raises
    Timeout.
    """
    value = kwds.pop("timeout_value", _NO_VALUE)
    timeout = Timeout(seconds)
    timeout.start()
    try:
        return function(*args, **kwds)
    except Timeout as error:
        if error is timeout and value is not _NO_VALUE:
            return value
        raise
    finally:
        timeout.cancel()
