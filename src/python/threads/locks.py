"""``_thread.lock``, ``_thread.RLock`` and ``_queue.SimpleQueue`` for threads that wait in Rust's
event loop.

The uncontended ways are Python alone; who waits, and who is next, is in Rust. Nothing interrupts a
frame of this package but at a wait (see ``preemption``), so that a flag can be looked at and set as
in C.
"""

import _thread
import time
from collections import deque
from types import GenericAlias
from typing import Any, NoReturn

import _wasgi
from _wasgi import HANDED_OVER, LOCK, WOKEN

from .waiting import new_key, wait

_monotonic = time.monotonic
_wake_one = _wasgi.wake_one


def checked_timeout(blocking: bool, timeout: float) -> float | None:
    """The seconds to wait, of the arguments of CPython's own locks and with their errors; 0 does
    not wait, None waits for ever.
    """
    if not isinstance(timeout, (int, float)):
        raise TypeError(
            f"'{type(timeout).__name__}' object cannot be interpreted as an integer or float"
        )
    if timeout != timeout:
        raise ValueError("Invalid value NaN (not a number)")
    if not blocking:
        if timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        return 0.0
    if timeout == -1:
        return None
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > _thread.TIMEOUT_MAX:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return timeout


class lock:
    """A lock object is a synchronization primitive."""

    __slots__ = ("__weakref__", "_key", "_locked", "_waiting")
    __module__ = "_thread"

    _key: int
    _locked: bool
    _waiting: int

    def __new__(cls) -> lock:
        self = object.__new__(cls)
        self._locked = False
        self._waiting = 0
        return self

    def __init_subclass__(cls, **_kwargs: Any) -> None:
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def __enter__(self) -> bool:
        if not self._locked:
            self._locked = True
            return True
        return self._contend(None)

    def __exit__(self, *_exc: object) -> None:
        self.release()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Lock the lock. Without argument, this blocks if the lock is already locked."""
        limit: float | None = None
        if timeout != -1 or not blocking:
            limit = checked_timeout(blocking, timeout)
        if not self._locked:
            self._locked = True
            return True
        if limit == 0:
            return False
        return self._contend(limit)

    def _contend(self, timeout: float | None) -> bool:
        if not self._waiting:
            self._key = new_key()
        key = self._key
        end = 0.0 if timeout is None else _monotonic() + timeout
        again = False
        self._waiting += 1
        try:
            while True:
                outcome = wait(LOCK, key, timeout, again)
                if outcome == HANDED_OVER:
                    return True
                if not self._locked:
                    self._locked = True
                    return True
                again = outcome == WOKEN
                if timeout is not None:
                    timeout = end - _monotonic()
                    if timeout <= 0:
                        return False
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Release the lock, allowing another thread that is blocked waiting for the lock to acquire
        the lock.
        """
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        if self._waiting and _wake_one(self._key):
            # It is the woken thread's now.
            return
        self._locked = False

    def locked(self) -> bool:
        """Return whether the lock is in the locked state."""
        return self._locked

    def _at_fork_reinit(self) -> None:
        self._locked = False
        self._waiting = 0

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle '_thread.lock' object")

    def __repr__(self) -> str:
        return f"<{'locked' if self._locked else 'unlocked'} _thread.lock object at {id(self):#x}>"


class RLock:
    """A reentrant lock must be released by the thread that acquired it."""

    __slots__ = ("__dict__", "__weakref__", "_block", "_count", "_owner")
    __module__ = "_thread"

    _block: lock
    _count: int
    _owner: int

    def __new__(cls, *_args: Any, **_kwargs: Any) -> RLock:
        self = object.__new__(cls)
        self._block = lock()
        self._owner = 0
        self._count = 0
        return self

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Lock the lock."""
        me = _thread.get_ident()
        if timeout != -1 or not blocking:
            checked_timeout(blocking, timeout)
        if self._owner == me:
            self._count += 1
            return True
        if not self._block.acquire(blocking, timeout):
            return False
        self._owner = me
        self._count = 1
        return True

    def __enter__(self) -> bool:
        me = _thread.get_ident()
        if self._owner == me:
            self._count += 1
            return True
        block = self._block
        if not block._locked:
            block._locked = True
        else:
            block._contend(None)
        self._owner = me
        self._count = 1
        return True

    def release(self) -> None:
        """Release the lock."""
        if self._owner != _thread.get_ident() or not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        self._count = count = self._count - 1
        if not count:
            self._owner = 0
            self._block.release()

    def __exit__(self, *_exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        """Return a boolean indicating whether this object is locked right now."""
        return self._block._locked

    def _at_fork_reinit(self) -> None:
        self._block._at_fork_reinit()
        self._owner = 0
        self._count = 0

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        self._block.acquire()
        self._count, self._owner = state

    def _release_save(self) -> tuple[int, int]:
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._count = self._owner = 0
        self._block.release()
        return state

    def _is_owned(self) -> bool:
        return self._owner == _thread.get_ident()

    def _recursion_count(self) -> int:
        return self._count if self._owner == _thread.get_ident() else 0

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle '_thread.RLock' object")

    def __repr__(self) -> str:
        kind = type(self)
        state = "locked" if self._block._locked else "unlocked"
        return (
            f"<{state} {kind.__module__}.{kind.__qualname__} object"
            f" owner={self._owner} count={self._count} at {id(self):#x}>"
        )


class Empty(Exception):
    """Exception raised by Queue.get(block=0)/get_nowait()."""

    __module__ = "_queue"


class SimpleQueue:
    """Simple, unbounded, reentrant FIFO queue."""

    __slots__ = ("__weakref__", "_items", "_key", "_waiting")
    __module__ = "_queue"

    _items: deque[Any]
    _key: int
    _waiting: int

    def __new__(cls) -> SimpleQueue:
        self = object.__new__(cls)
        self._items = deque()
        self._waiting = 0
        self._key = new_key()
        return self

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put the item on the queue; this never blocks."""
        self._items.append(item)
        if self._waiting:
            _wake_one(self._key)

    def put_nowait(self, item: Any) -> None:
        """Put an item into the queue without blocking."""
        self.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Remove and return an item from the queue."""
        items = self._items
        if items and not self._waiting and timeout is None:
            return items.popleft()
        if not block:
            if items:
                return items.popleft()
            raise Empty
        rest: float | None = None
        end = 0.0
        if timeout is not None:
            if timeout < 0:
                raise ValueError("'timeout' must be a non-negative number")
            rest = checked_timeout(True, timeout) or 0.0
            end = _monotonic() + rest
        while not items:
            if rest is not None and rest <= 0:
                raise Empty
            self._waiting += 1
            try:
                wait(LOCK, self._key, rest)
            finally:
                self._waiting -= 1
            if rest is not None:
                rest = end - _monotonic()
        return items.popleft()

    def get_nowait(self) -> Any:
        """Remove and return an item from the queue without blocking."""
        return self.get(False)

    def empty(self) -> bool:
        """Return True if the queue is empty, False otherwise (not reliable!)."""
        return not self._items

    def qsize(self) -> int:
        """Return the approximate size of the queue (not reliable!)."""
        return len(self._items)

    @classmethod
    def __class_getitem__(cls, item: Any, /) -> GenericAlias:
        """See PEP 585"""
        return GenericAlias(cls, item)
