"""gevent's ``Group``, ``Pool`` and ``ThreadPool`` on the green threads of a worker."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Full, SimpleQueue
from typing import Any

from .greenlet import Greenlet, joinall
from .hub import GreenletExit, hub


class PoolFull(Full):
    """There is no room."""

    __module__ = "gevent.pool"


class Group:
    """Green threads that are waited for together."""

    greenlet_class = Greenlet

    def __init__(self, *greenlets: Greenlet) -> None:
        self.greenlets: set[Greenlet] = set()
        for greenlet in greenlets:
            self.add(greenlet)

    def add(self, greenlet: Greenlet, blocking: bool = True, timeout: float | None = None) -> None:
        """One more."""
        self.greenlets.add(greenlet)
        greenlet.rawlink(self.discard)

    def discard(self, greenlet: Greenlet) -> None:
        """One less."""
        self.greenlets.discard(greenlet)

    def start(self, greenlet: Greenlet, *args: Any, **kwargs: Any) -> None:
        """Adds and starts it."""
        self.add(greenlet, *args, **kwargs)
        greenlet.start()

    def spawn(self, *args: Any, **kwargs: Any) -> Greenlet:
        """One more, that is started."""
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
        """Whether there is no room."""
        return False

    def wait_available(self, timeout: float | None = None) -> int:
        """Waits for room."""
        return 1

    def join(self, timeout: float | None = None, raise_error: bool = False) -> bool:
        """Waits for the end of all."""
        joinall(self.greenlets, timeout, raise_error)
        return not any(not greenlet.dead for greenlet in self.greenlets)

    def kill(
        self, exception: Any = GreenletExit, block: bool = True, timeout: float | None = None
    ) -> None:
        """Ends all."""
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
        """Ends one."""
        if greenlet in self.greenlets:
            greenlet.kill(exception, block, timeout)

    # --- functions

    def apply(self, func: Callable[..., Any], args: Any = None, kwds: Any = None) -> Any:
        """What it returns."""
        return self.spawn(func, *(args or ()), **(kwds or {})).get()

    def apply_async(
        self,
        func: Callable[..., Any],
        args: Any = None,
        kwds: Any = None,
        callback: Callable[[Any], object] | None = None,
    ) -> Greenlet:
        """What will return."""
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
        """What it returns, which the callback hears too."""
        result = self.apply(func, args, kwds)
        if callback is not None:
            Greenlet.spawn(callback, result)
        return result

    def map(self, func: Callable[..., Any], iterable: Iterable[Any]) -> list[Any]:
        """What it returns for each, all at once."""
        return [greenlet.get() for greenlet in [self.spawn(func, item) for item in iterable]]

    def map_async(
        self,
        func: Callable[..., Any],
        iterable: Iterable[Any],
        callback: Callable[[Any], object] | None = None,
    ) -> Greenlet:
        """That, later."""
        greenlet = Greenlet(self.map, func, iterable)
        if callback is not None:
            greenlet.link_value(lambda ended: callback(ended.value))
        greenlet.start()
        return greenlet

    def imap(
        self, func: Callable[..., Any], *iterables: Iterable[Any], maxsize: int | None = None
    ) -> Iterator[Any]:
        """What it returns for each, in their order."""
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
        """What it returns for each, as it comes."""
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
    """So many at most."""

    def __init__(self, size: int | None = None, greenlet_class: Any = None) -> None:
        if size is not None and size < 0:
            raise ValueError(f"size must not be negative: {size!r}")
        super().__init__()
        self.size = size
        if greenlet_class is not None:
            self.greenlet_class = greenlet_class
        self._room = None if size is None else threading.Semaphore(size)

    def add(self, greenlet: Greenlet, blocking: bool = True, timeout: float | None = None) -> None:
        """One more, as soon as there is room."""
        if self._room is not None and not self._room.acquire(
            blocking, timeout if blocking else None
        ):
            raise PoolFull
        super().add(greenlet)

    def discard(self, greenlet: Greenlet) -> None:
        """One less."""
        if greenlet in self.greenlets:
            super().discard(greenlet)
            if self._room is not None:
                self._room.release()

    def full(self) -> bool:
        """Whether there is no room."""
        return self.free_count() <= 0

    def free_count(self) -> int:
        """Room that is left."""
        return 1 if self.size is None else max(0, self.size - len(self))

    def wait_available(self, timeout: float | None = None) -> int:
        """Waits for room."""
        if self._room is not None and self._room.acquire(timeout=timeout):
            self._room.release()
        return self.free_count()


class ThreadPool(Pool):
    """gevent's has threads of the system; here they take turns like all others."""

    def __init__(self, maxsize: int = 10, hub: Any = None) -> None:
        super().__init__(maxsize)
        self.maxsize = maxsize

    apply_e = Group.apply


hub.new_threadpool = ThreadPool
