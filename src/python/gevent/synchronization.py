"""gevent's events, queues and locks on the green threads of a worker."""

import queue
import threading
from collections.abc import Iterable
from typing import Any, Self

from .greenlet import Waitable
from .hub import Timeout


class Event(Waitable):
    """A flag that threads wait for."""

    __module__ = "gevent.event"

    def __init__(self) -> None:
        super().__init__()
        self._set = False
        self._times = 0

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._set

    isSet = ready = is_set

    def set(self) -> None:
        """Wakes all."""
        self._set = True
        self._times += 1
        self._notify()

    def clear(self) -> None:
        """Threads wait again."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is set; whether it has been."""
        times = self._times
        return self._await(timeout, lambda: self._set or self._times != times)


class AsyncResult(Waitable):
    """A value that others wait for. It can be linked to a Greenlet."""

    __module__ = "gevent.event"

    def __init__(self) -> None:
        super().__init__()
        self._over = False
        self._value: Any = None
        self._exc_info: tuple[Any, Any, Any] | None = None

    def ready(self) -> bool:
        """Whether it is there."""
        return self._over

    done = ready

    def successful(self) -> bool:
        """Whether it is a value."""
        return self._over and self._exc_info is None

    @property
    def value(self) -> Any:
        """The value; None before."""
        return self._value

    @property
    def exc_info(self) -> tuple[Any, Any, Any] | tuple[()]:
        """The exception, its type and its traceback."""
        return self._exc_info or ()

    @property
    def exception(self) -> BaseException | None:
        """The exception in its place."""
        return None if self._exc_info is None else self._exc_info[1]

    def set(self, value: Any = None) -> None:
        """Here it is."""
        self._value, self._exc_info, self._over = value, None, True
        self._notify()

    set_result = set

    def set_exception(self, exception: BaseException, exc_info: Any = None) -> None:
        """Here it will not be."""
        self._exc_info = exc_info or (type(exception), exception, None)
        self._over = True
        self._notify()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The value, or the exception in its place."""
        if not self._over and (not block or not self._await(timeout)):
            raise Timeout(timeout if block else None)
        if self._exc_info is not None:
            raise self._exc_info[1]
        return self._value

    def result(self, timeout: float | None = None) -> Any:
        """As `get`."""
        return self.get(timeout=timeout)

    def get_nowait(self) -> Any:
        """As `get`, at once."""
        return self.get(block=False)

    def wait(self, timeout: float | None = None) -> Any:
        """Waits for it."""
        self._await(timeout)
        return self._value

    def cancel(self) -> bool:
        """Does nothing, as gevent's."""
        return False

    cancelled = cancel

    def __call__(self, source: Any) -> None:
        if source.successful():
            self.set(source.value)
        else:
            self.set_exception(source.exception, getattr(source, "exc_info", None))


class _Queue(queue.Queue[Any]):
    """A queue of the standard library with what gevent's have besides."""

    def __init__(self, maxsize: int | None = None, items: Iterable[Any] = ()) -> None:
        super().__init__()
        # Zero and less is no bound, which gevent calls None.
        self._given = maxsize if maxsize and maxsize > 0 else None
        self.maxsize = self._given or 0
        for item in items:
            self._put(item)
            self.unfinished_tasks += 1

    def __len__(self) -> int:
        return self.qsize()

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        item = self.get()
        if item is StopIteration:
            raise item
        return item

    next = __next__

    def peek(self, block: bool = True, timeout: float | None = None) -> Any:
        """The next item, which stays."""
        with self.not_empty:
            there = self.not_empty.wait_for(lambda: len(self.queue), timeout if block else 0)
            if not there:
                raise queue.Empty
            # Who waits to take it may.
            self.not_empty.notify()
            return self._next()

    def _next(self) -> Any:
        return self.queue[0]

    def peek_nowait(self) -> Any:
        """The same, at once."""
        return self.peek(False)

    def copy(self) -> Self:
        """A queue with the same items."""
        return type(self)(self._given, items=list(self.queue))


class Queue(_Queue):
    """First in, first out."""

    __module__ = "gevent.queue"

    def __init__(
        self,
        maxsize: int | None = None,
        items: Iterable[Any] = (),
        unfinished_tasks: int | None = None,
    ) -> None:
        super().__init__(maxsize, items)


class JoinableQueue(Queue):
    """The same."""

    __module__ = "gevent.queue"


class LifoQueue(_Queue, queue.LifoQueue[Any]):
    """Last in, first out."""

    __module__ = "gevent.queue"

    def _next(self) -> Any:
        return self.queue[-1]


class PriorityQueue(_Queue, queue.PriorityQueue[Any]):
    """The least first."""

    __module__ = "gevent.queue"


class Channel:
    """A queue without room: who puts waits for who gets."""

    __module__ = "gevent.queue"

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[tuple[Any, AsyncResult]] = queue.SimpleQueue()
        self.balance = 0

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Hands an item over."""
        taken = AsyncResult()
        if not block and self.balance >= 0:
            raise queue.Full
        self.balance += 1
        self._items.put((item, taken))
        if self.balance > 0 and not taken._await(timeout):
            # Whoever finds it goes on to the next.
            taken.set(False)
            self.balance -= 1
            raise queue.Full

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Takes one."""
        self.balance -= 1
        try:
            while True:
                item, taken = self._items.get(block, timeout)
                if not taken.ready():
                    taken.set(True)
                    return item
        except BaseException:
            self.balance += 1
            raise

    def put_nowait(self, item: Any) -> None:
        """The same, if somebody waits for one."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """The same, if somebody waits to."""
        return self.get(False)

    def __iter__(self) -> Channel:
        return self

    def __next__(self) -> Any:
        item = self.get()
        if item is StopIteration:
            raise item
        return item


class Semaphore:
    """So many may go on."""

    __module__ = "gevent.lock"

    def __init__(self, value: int = 1, hub: Any = None) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._bound = value
        self._inner = threading.Semaphore(value)

    @property
    def counter(self) -> int:
        """How many more may go on."""
        return self._inner._value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Waits until one may; whether it may."""
        return self._inner.acquire(blocking, timeout if blocking else None)

    def release(self) -> int:
        """One more may."""
        self._inner.release()
        return self.counter

    def locked(self) -> bool:
        """Whether none may."""
        return self.counter <= 0

    def ready(self) -> bool:
        """Whether one may."""
        return self.counter > 0

    def wait(self, timeout: float | None = None) -> int:
        """Waits until one may; how many may."""
        if self._inner.acquire(timeout=timeout):
            self._inner.release()
        return self.counter

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_exc: object) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """No more than at its beginning."""

    __module__ = "gevent.lock"

    def release(self) -> int:
        """One more may."""
        if self.counter >= self._bound:
            raise ValueError("Semaphore released too many times")
        return super().release()


class DummySemaphore:
    """All may."""

    __module__ = "gevent.lock"

    def __init__(self, value: int | None = None) -> None:
        pass

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """They may."""
        return True

    def release(self) -> None:
        """They may."""

    def locked(self) -> bool:
        """They may."""
        return False

    ready = acquire
    __enter__ = acquire

    def __exit__(self, *_exc: object) -> None:
        """They may."""
