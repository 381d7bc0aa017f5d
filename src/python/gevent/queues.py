"""gevent's queues on the green threads of a worker."""

import queue
from collections.abc import Iterable
from typing import Any, Self

from .events import AsyncResult


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
        """Waits for the next item and returns it, without taking it out of the queue."""
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
        """As ``peek``, without waiting."""
        return self.peek(False)

    def copy(self) -> Self:
        """A queue with the same items."""
        return type(self)(self._given, items=list(self.queue))


class Queue(_Queue):
    """A queue whose first item comes first."""

    __module__ = "gevent.queue"

    def __init__(
        self,
        maxsize: int | None = None,
        items: Iterable[Any] = (),
        unfinished_tasks: int | None = None,
    ) -> None:
        super().__init__(maxsize, items)


class JoinableQueue(Queue):
    """As ``Queue``, which has ``join`` and ``task_done`` already."""

    __module__ = "gevent.queue"


class LifoQueue(_Queue, queue.LifoQueue[Any]):
    """A queue whose last item comes first."""

    __module__ = "gevent.queue"

    def _next(self) -> Any:
        return self.queue[-1]


class PriorityQueue(_Queue, queue.PriorityQueue[Any]):
    """A queue whose least item comes first."""

    __module__ = "gevent.queue"


class Channel:
    """A queue without room: ``put`` waits until ``get`` takes the item."""

    __module__ = "gevent.queue"

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[tuple[Any, AsyncResult]] = queue.SimpleQueue()
        self.balance = 0

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Waits until another thread takes the item. Raises Full where none has in time."""
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
        """Waits for an item and takes it. Raises Empty where none has come in time."""
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
        """As ``put``, without waiting: only where a thread waits in ``get``."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """As ``get``, without waiting: only where a thread waits in ``put``."""
        return self.get(False)

    def __iter__(self) -> Channel:
        return self

    def __next__(self) -> Any:
        item = self.get()
        if item is StopIteration:
            raise item
        return item
