"""gevent's timers: one thread of the worker does what is due."""

import _thread
import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

import _wasgi
from _wasgi import SLEEP

from ..threads.waiting import new_key, wait
from .errors import failed

_monotonic = time.monotonic


class Timer:
    """A function that is to be called later."""

    __slots__ = ("call", "pending")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.pending = True

    def stop(self) -> None:
        """Cancels the call."""
        self.pending = False

    close = stop


class _Timers:
    """The timers of a worker, and the green thread that calls them."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = count()
        self._key = 0
        self._running = False

    def add(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Calls ``call`` after so many seconds, when the running thread waits."""
        timer = Timer(call)
        heappush(self._heap, (_monotonic() + max(0.0, seconds), next(self._number), timer))
        if not self._running:
            self._running = True
            self._key = self._key or new_key()
            _thread.start_new_thread(self._run, ())
        elif self._heap[0][2] is timer:
            _wasgi.wake_all(self._key)
        return timer

    def _run(self) -> None:
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
            wait(SLEEP, self._key, max(0.0, heap[0][0] - now) if heap else None)

    def cancel_all(self) -> None:
        """Cancels all, in a process that is a copy of this one."""
        self._running = False
        self._heap.clear()


timers: Final = _Timers()


def call_soon(call: Callable[[], object]) -> Timer:
    """Calls ``call`` when the running thread waits."""
    return timers.add(0.0, call)
