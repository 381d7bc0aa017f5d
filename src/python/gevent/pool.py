"""gevent's ``Group``, ``Pool`` and ``ThreadPool`` on the green threads of a worker."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Full, SimpleQueue
from typing import Any

from .errors import GreenletExit
from .greenlet import Greenlet, joinall
from .hub import hub


class PoolFull(Full):
    """Raised where a pool has no room for another Greenlet in time."""

    __module__ = "gevent.pool"


class Group:
    """Green threads that are waited for together."""

    greenlet_class = Greenlet

    def __init__(self, *greenlets: Greenlet) -> None:
        self.greenlets: set[Greenlet] = set()
        for greenlet in greenlets:
            self.add(greenlet)

    def add(self, greenlet: Greenlet, blocking: bool = True, timeout: float | None = None) -> None:
        """Adds a Greenlet, until it ends."""
        self.greenlets.add(greenlet)
        greenlet.rawlink(self.discard)

    def discard(self, greenlet: Greenlet) -> None:
        """Removes a Greenlet."""
        self.greenlets.discard(greenlet)

    def start(self, greenlet: Greenlet, *args: Any, **kwargs: Any) -> None:
        """Adds a Greenlet and starts it."""
        self.add(greenlet, *args, **kwargs)
        greenlet.start()

    def spawn(self, *args: Any, **kwargs: Any) -> Greenlet:
        """Makes a Greenlet, adds it and starts it."""
        greenlet = self.greenlet_class(*args, **kwargs)
        self.start(greenlet)
        return greenlet

    def __len__(self) -> int:
        return len(self.greenlets)

    def __bool__(self) -> bool:
        return True

    def __contains__(self, greenlet: object) -> bool:
        return greenlet in self.greenlets

    def __iter__(self) -> Iterator[Greenlet]:
        return iter(self.greenlets)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x} {self.greenlets!r}>"

    def full(self) -> bool:
        """Whether there is no room for another Greenlet."""
        return False

    def wait_available(self, timeout: float | None = None) -> int:
        """Waits until there is room; returns how much."""
        return 1

    def join(self, timeout: float | None = None, raise_error: bool = False) -> bool:
        """Waits until all have ended."""
        joinall(self.greenlets, timeout, raise_error)
        return not any(not greenlet.dead for greenlet in self.greenlets)

    def kill(
        self, exception: Any = GreenletExit, block: bool = True, timeout: float | None = None
    ) -> None:
        """Kills all, and waits for their end."""
        greenlets = list(self.greenlets)
        for greenlet in greenlets:
            greenlet.throw(exception)
        if block:
            joinall(greenlets, timeout)
            for greenlet in greenlets:
                if greenlet.dead:
                    self.discard(greenlet)

    def killone(
        self,
        greenlet: Greenlet,
        exception: Any = GreenletExit,
        block: bool = True,
        timeout: float | None = None,
    ) -> None:
        """Kills one of the group."""
        if greenlet in self.greenlets:
            greenlet.kill(exception, block, timeout)

    # --- functions

    def apply(self, func: Callable[..., Any], args: Any = None, kwds: Any = None) -> Any:
        """Calls ``func`` in a Greenlet and returns its result."""
        return self.spawn(func, *(args or ()), **(kwds or {})).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Any = None,
        kwds: Any = None,
        callback: Callable[[Any], object] | None = None,
    ) -> Greenlet:
        """Starts ``func`` in a Greenlet, and returns that."""
        greenlet = self.greenlet_class(func, *(args or ()), **(kwds or {}))
        if callback is not None:
            greenlet.link_value(lambda ended: callback(ended.value))
        # Where there is no room, a thread of its own waits for some.
        if self.full():
            Greenlet.spawn(self.start, greenlet)
        else:
            self.start(greenlet)
        return greenlet

    def apply_cb(
        self,
        func: Callable[..., Any],
        args: Any = None,
        kwds: Any = None,
        callback: Callable[[Any], object] | None = None,
    ) -> Any:
        """Calls ``func``, then ``callback`` with the result, and returns the result."""
        result = self.apply(func, args, kwds)
        if callback is not None:
            Greenlet.spawn(callback, result)
        return result

    def map(self, func: Callable[..., Any], iterable: Iterable[Any]) -> list[Any]:
        """The results of ``func`` for each item; the calls run at the same time."""
        return [greenlet.get() for greenlet in [self.spawn(func, item) for item in iterable]]

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        callback: Callable[[Any], object] | None = None,
    ) -> Greenlet:
        """Starts ``map`` in a Greenlet, and returns that."""
        greenlet = Greenlet(self.map, func, iterable)
        if callback is not None:
            greenlet.link_value(lambda ended: callback(ended.value))
        greenlet.start()
        return greenlet

    def imap(
        self, func: Callable[..., Any], *iterables: Iterable[Any], maxsize: int | None = None
    ) -> Iterator[Any]:
        """Yields the results of ``func`` for each item, in the items' order."""
        begun: SimpleQueue[Greenlet | None] = SimpleQueue()
        Greenlet.spawn(self._begin, func, iterables, begun.put, lambda: begun.put(None))
        return iter(self._results(begun.get))

    @staticmethod
    def _results(get: Callable[[], Any]) -> Iterator[Any]:
        while (greenlet := get()) is not None:
            yield greenlet.get()

    def _begin(
        self,
        func: Callable[..., Any],
        iterables: tuple[Iterable[Any], ...],
        begun: Callable[[Greenlet], object],
        end: Callable[[], object],
    ) -> None:
        for items in zip(*iterables):
            begun(self.spawn(func, *items))
        end()

    def imap_unordered(
        self, func: Callable[..., Any], *iterables: Iterable[Any], maxsize: int | None = None
    ) -> Iterator[Any]:
        """Yields the results of ``func`` for each item, as they come."""
        ended: SimpleQueue[Greenlet | None] = SimpleQueue()
        left = 0

        def begin(greenlet: Greenlet) -> None:
            nonlocal left
            left += 1
            greenlet.rawlink(end)

        def end(greenlet: Greenlet) -> None:
            nonlocal left
            left -= 1
            ended.put(greenlet)
            finish()

        def finish() -> None:
            if left == 0 and all_begun.dead:
                ended.put(None)

        all_begun = Greenlet.spawn(self._begin, func, iterables, begin, int)
        all_begun.rawlink(lambda _: finish())
        return iter(self._results(ended.get))


class Pool(Group):
    """A group of at most ``size`` Greenlets."""

    def __init__(self, size: int | None = None, greenlet_class: Any = None) -> None:
        if size is not None and size < 0:
            raise ValueError(f"size must not be negative: {size!r}")
        super().__init__()
        self.size = size
        if greenlet_class is not None:
            self.greenlet_class = greenlet_class
        self._room = None if size is None else threading.Semaphore(size)

    def add(self, greenlet: Greenlet, blocking: bool = True, timeout: float | None = None) -> None:
        """Adds a Greenlet, waiting for room."""
        if self._room is not None and not self._room.acquire(
            blocking, timeout if blocking else None
        ):
            raise PoolFull
        super().add(greenlet)

    def discard(self, greenlet: Greenlet) -> None:
        """Removes a Greenlet, which makes room."""
        if greenlet in self.greenlets:
            super().discard(greenlet)
            if self._room is not None:
                self._room.release()

    def full(self) -> bool:
        """Whether there is no room for another Greenlet."""
        return self.free_count() <= 0

    def free_count(self) -> int:
        """How many more Greenlets there is room for."""
        return 1 if self.size is None else max(0, self.size - len(self))

    def wait_available(self, timeout: float | None = None) -> int:
        """Waits until there is room; returns how much."""
        if self._room is not None and self._room.acquire(timeout=timeout):
            self._room.release()
        return self.free_count()


class ThreadPool(Pool):
    """A pool. gevent's has threads of the system; here they take turns like all others."""

    def __init__(self, maxsize: int = 10, hub: Any = None) -> None:
        super().__init__(maxsize)
        self.maxsize = maxsize

    apply_e = Group.apply


hub.new_threadpool = ThreadPool
