"""gevent's semaphores on the green threads of a worker."""

import threading
from typing import Any


class Semaphore:
    """A counter that ``acquire`` decrements, waiting while it is zero."""

    __module__ = "gevent.lock"

    def __init__(self, value: int = 1, hub: Any = None) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._bound = value
        self._inner = threading.Semaphore(value)

    @property
    def counter(self) -> int:
        """The counter's value."""
        return self._inner._value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Decrements the counter, waiting while it is zero. Returns whether it did."""
        return self._inner.acquire(blocking, timeout if blocking else None)

    def release(self) -> int:
        """Increments the counter, and returns its value."""
        self._inner.release()
        return self.counter

    def locked(self) -> bool:
        """Whether the counter is zero."""
        return self.counter <= 0

    def ready(self) -> bool:
        """Whether the counter is greater than zero."""
        return self.counter > 0

    def wait(self, timeout: float | None = None) -> int:
        """Waits while the counter is zero, and returns its value."""
        if self._inner.acquire(timeout=timeout):
            self._inner.release()
        return self.counter

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_exc: object) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """A semaphore whose counter may not exceed its first value."""

    __module__ = "gevent.lock"

    def release(self) -> int:
        """Increments the counter, and returns its value; ValueError at its first value."""
        if self.counter >= self._bound:
            raise ValueError("Semaphore released too many times")
        return super().release()


class DummySemaphore:
    """A semaphore that never makes a thread wait."""

    __module__ = "gevent.lock"

    def __init__(self, value: int | None = None) -> None:
        pass

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Returns True."""
        return True

    def release(self) -> None:
        """Does nothing."""

    def locked(self) -> bool:
        """Returns False."""
        return False

    ready = acquire
    __enter__ = acquire

    def __exit__(self, *_exc: object) -> None:
        """Does nothing."""
