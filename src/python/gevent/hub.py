"""gevent's hub on the green threads of a worker: timers, exceptions that are thrown into other
threads, and ``Timeout``.

A thread waits in ``waiting.wait`` alone. Who throws leaves the exception there (``waiting.thrown``)
and ends the wait.
"""

import _thread
import os
import sys
import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from traceback import print_exception
from typing import Any, Final, NoReturn

import _wasgi
from _wasgi import SLEEP

from ..bridge.tracebacks import traceback_of
from ..threads import thread_module as threads
from ..threads import waiting
from ..threads.waiting import new_key, wait
from ..wsgi import exchange as wsgi

_monotonic = time.monotonic


class GreenletExit(BaseException):
    """What ``kill`` throws: the green thread ends, and that is no error."""

    __module__ = "greenlet"


wsgi.leaving = (SystemExit, GreenletExit)


class LoopExit(Exception):
    """Nothing can ever wake the waiting thread. A worker serves connections: it is never raised
    here.
    """

    __module__ = "gevent.exceptions"


def unpatched(*_args: Any, **_kwargs: Any) -> NoReturn:
    """A switch by hand."""
    raise NotImplementedError(
        "wasgi's green threads take turns where they wait: there is no switch() to a chosen one"
    )


class Timer:
    """Something to be done later, by the hub."""

    __slots__ = ("call", "pending")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.pending = True

    def stop(self) -> None:
        """It will not be done."""
        self.pending = False

    close = stop


class _Timers:
    """A green thread that does what is due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = count()
        self._key = 0
        self._lives = False

    def add(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Calls back after so many seconds, where the other threads wait."""
        timer = Timer(call)
        heappush(self._heap, (_monotonic() + max(0.0, seconds), next(self._number), timer))
        if not self._lives:
            self._lives = True
            self._key = self._key or new_key()
            _thread.start_new_thread(self._live, ())
        elif self._heap[0][2] is timer:
            _wasgi.wake_all(self._key)
        return timer

    def _live(self) -> None:
        heap = self._heap
        while True:
            now = _monotonic()
            while heap and (heap[0][0] <= now or not heap[0][2].pending):
                timer = heappop(heap)[2]
                if timer.pending:
                    timer.pending = False
                    try:
                        timer.call()
                    except BaseException as error:
                        failed(timer.call, error)
            wait(SLEEP, self._key, max(0.0, heap[0][0] - now) if heap else -1.0)

    def forget(self) -> None:
        """In a copy of the process."""
        self._lives = False
        self._heap.clear()


timers: Final = _Timers()


def soon(call: Callable[[], object]) -> Timer:
    """Calls back once the running thread waits."""
    return timers.add(0.0, call)


def failed(context: object, error: BaseException) -> None:
    """What the hub prints of an exception that nobody catches."""
    if isinstance(error, GreenletExit):
        return
    if isinstance(error, Hub.SYSTEM_ERROR):
        hub.leave(error)
        return
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(
        f"{traceback_of(error)}\n{stamp} {context!r} failed with {type(error).__name__}\n",
        file=sys.stderr,
        flush=True,
    )


def raise_thrown() -> None:
    """See ``waiting.on_throw``."""
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


def take_back(ident: int, error: BaseException | type[BaseException]) -> None:
    """What was thrown has not been raised, and shall not be."""
    errors = waiting.thrown.get(ident, [])
    if error in errors:
        errors.remove(error)
        if not errors:
            del waiting.thrown[ident]


class Timeout(BaseException):
    """Raised in the thread that has started it, once its time is over."""

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
        """Its time begins."""
        if self.pending:
            raise AssertionError(f"{self!r} is already started; to restart it, cancel it first")
        if self.seconds is not None:
            self._target = _thread.get_ident()
            self._timer = timers.add(self.seconds, lambda: throw_into(self._target, self._thrown()))

    @classmethod
    def start_new(cls, timeout: Any = None, exception: Any = None, ref: bool = True) -> Timeout:
        """A started one; ``timeout`` may be one that is not."""
        if isinstance(timeout, Timeout):
            if not timeout.pending:
                timeout.start()
            return timeout
        started = cls(timeout, exception)
        started.start()
        return started

    def cancel(self) -> None:
        """It will not be raised."""
        if self._timer is not None:
            self._timer.stop()
            take_back(self._target, self._thrown())

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
    """Calls, for so many seconds at most; then returns ``timeout_value``, or raises Timeout."""
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


class Loop:
    """What apps ask of gevent's event loop."""

    default = True
    approx_timer_resolution = 0.001

    @staticmethod
    def run_callback(function: Callable[..., object], *args: Any) -> Timer:
        """Calls back once the running thread waits."""
        return soon(lambda: function(*args))

    run_callback_threadsafe = run_callback

    @staticmethod
    def now() -> float:
        """The time."""
        return time.time()

    update_now = update = now

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"wasgi has no libev or libuv: its loop has run_callback() and now(), but no {name}"
        )


class Hub:
    """The thread that accepts connections, and what runs timers."""

    NOT_ERROR: tuple[type[BaseException], ...] = (GreenletExit, SystemExit)
    SYSTEM_ERROR = (KeyboardInterrupt, SystemExit, SystemError)
    name = ""
    dead = False

    def __init__(self) -> None:
        self.loop = Loop()
        self.leave: Callable[[BaseException], object] = lambda _error: None
        """Ends the worker."""
        self.new_threadpool: Callable[[int], Any] = unpatched
        """The class of thread pools, which are made of greenlets."""
        self._threadpool: Any = None

    def handle_error(self, context: object, kind: Any, value: Any, traceback: Any) -> None:
        """An exception that nobody catches."""
        if isinstance(value, str) or value is None:
            value = kind(value)
        failed(context, value.with_traceback(traceback))

    def print_exception(self, context: object, kind: Any, value: Any, traceback: Any) -> None:
        """Its traceback."""
        print_exception(kind, value, traceback)

    def join(self, timeout: float | None = None) -> bool:
        """Waits for the event loop's end, which a worker's has not."""
        wait(SLEEP, new_key(), -1.0 if timeout is None else max(0.0, timeout))
        return False

    @property
    def threadpool(self) -> Any:
        """Here its threads are green too."""
        if self._threadpool is None:
            self._threadpool = self.new_threadpool(10)
        return self._threadpool

    switch = throw = wait = unpatched


hub: Final = Hub()


def get_hub(*_args: Any, **_kwargs: Any) -> Hub:
    """The worker's."""
    return hub


def _forget() -> None:
    timers.forget()
    waiting.thrown.clear()


os.register_at_fork(after_in_child=_forget)
