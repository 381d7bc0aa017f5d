"""gevent's hub: the thread of a worker that accepts connections."""

import os
import time
from collections.abc import Callable
from traceback import print_exception
from typing import Any, Final, NoReturn

from _wasgi import SLEEP

from ..threads import waiting
from ..threads.waiting import new_key, wait
from .errors import SYSTEM_ERROR, GreenletExit, failed
from .timers import Timer, call_soon, timers


def unpatched(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Stands for ``switch()`` to a chosen greenlet."""
    raise NotImplementedError(
        "wasgi's green threads take turns where they wait: there is no switch() to a chosen one"
    )


class Loop:
    """What apps ask of gevent's event loop."""

    default = True
    approx_timer_resolution = 0.001

    @staticmethod
    def run_callback(function: Callable[..., object], *args: Any) -> Timer:
        """Calls ``function`` when the running thread waits."""
        return call_soon(lambda: function(*args))

    run_callback_threadsafe = run_callback

    @staticmethod
    def now() -> float:
        """The time, in seconds since 1970."""
        return time.time()

    update_now = update = now

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"wasgi has no libev or libuv: its loop has run_callback() and now(), but no {name}"
        )


class Hub:
    """The main thread, which accepts connections."""

    NOT_ERROR: tuple[type[BaseException], ...] = (GreenletExit, SystemExit)
    SYSTEM_ERROR = SYSTEM_ERROR
    name = ""
    dead = False

    def __init__(self) -> None:
        self.loop = Loop()
        self.new_threadpool: Callable[[int], Any] = unpatched
        """The class of thread pools, which are made of greenlets."""
        self._threadpool: Any = None

    def handle_error(self, context: object, kind: Any, value: Any, traceback: Any) -> None:
        """Reports an exception that nobody has caught."""
        if isinstance(value, str) or value is None:
            value = kind(value)
        failed(context, value.with_traceback(traceback))

    def print_exception(self, context: object, kind: Any, value: Any, traceback: Any) -> None:
        """Prints an exception's traceback."""
        print_exception(kind, value, traceback)

    def join(self, timeout: float | None = None) -> bool:
        """Waits for the end of the event loop, which does not end while the worker lives."""
        wait(SLEEP, new_key(), None if timeout is None else max(0.0, timeout))
        return False

    @property
    def threadpool(self) -> Any:
        """The pool for blocking calls. Its threads are green threads too."""
        if self._threadpool is None:
            self._threadpool = self.new_threadpool(10)
        return self._threadpool

    switch = throw = wait = unpatched


hub: Final = Hub()


def get_hub(*_args: Any, **_kwargs: Any) -> Hub:
    """The worker's hub."""
    return hub


def _reset_after_fork() -> None:
    timers.cancel_all()
    waiting.thrown.clear()


os.register_at_fork(after_in_child=_reset_after_fork)
