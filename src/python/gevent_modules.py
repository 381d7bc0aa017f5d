"""The module ``gevent``, as far as apps ask for it by name: its functions on the green threads of this worker.

All of the standard library blocks as gevent's patched one does anyway. What would have to raise in another green thread
(``kill``, ``Timeout``) is not there, nor are gevent's own sockets and servers: who asks for them is told so.
"""

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn


class Greenlet:
    """A green thread and what becomes of it."""

    def __init__(self, run: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> None:
        self.value: Any = None
        self.exception: BaseException | None = None
        self.args, self.kwargs = args, kwargs
        self._function = run
        self._links: list[Callable[[Greenlet], object]] = []
        self._done = threading.Event()
        self._started = False

    def _run(self) -> Any:
        assert self._function is not None
        return self._function(*self.args, **self.kwargs)

    def _live(self) -> None:
        try:
            self.value = self._run()
        except BaseException as error:
            self.exception = error
            if not isinstance(error, SystemExit):
                sys.excepthook(type(error), error, error.__traceback__)
        finally:
            self._done.set()
            for link in self._links:
                link(self)

    def start(self) -> None:
        """Begins as soon as the running thread waits."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._live, daemon=True).start()

    def start_later(self, seconds: float) -> None:
        """Begins after so many seconds."""
        timer = threading.Timer(seconds, self.start)
        timer.daemon = True
        timer.start()

    @classmethod
    def spawn(cls, *args: Any, **kwargs: Any) -> "Greenlet":
        """A started one."""
        greenlet = cls(*args, **kwargs)
        greenlet.start()
        return greenlet

    @classmethod
    def spawn_later(cls, seconds: float, *args: Any, **kwargs: Any) -> "Greenlet":
        """One that starts later."""
        greenlet = cls(*args, **kwargs)
        greenlet.start_later(seconds)
        return greenlet

    def join(self, timeout: float | None = None) -> None:
        """Waits for its end."""
        self._done.wait(timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """What it returns, or raises."""
        if not self._done.wait(timeout if block else 0):
            raise TimeoutError
        if self.exception is not None:
            raise self.exception
        return self.value

    def ready(self) -> bool:
        """Whether it has ended."""
        return self._done.is_set()

    @property
    def dead(self) -> bool:
        """Whether it has ended."""
        return self._done.is_set()

    def successful(self) -> bool:
        """Whether it has returned."""
        return self._done.is_set() and self.exception is None

    def link(self, callback: "Callable[[Greenlet], object]") -> None:
        """Calls back at its end."""
        if self._done.is_set():
            callback(self)
        else:
            self._links.append(callback)

    def kill(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Not there."""
        raise NotImplementedError("wasgi cannot raise in another green thread: let it look at an Event instead")


def joinall(
    greenlets: Iterable[Greenlet], timeout: float | None = None, raise_error: bool = False, count: int | None = None
) -> list[Greenlet]:
    """Waits for the end of all, or of so many; those that have ended."""
    greenlets = list(greenlets)
    end = None if timeout is None else time.monotonic() + timeout
    ended: queue.SimpleQueue[Greenlet] = queue.SimpleQueue()
    for greenlet in greenlets:
        greenlet.link(ended.put)
    done: list[Greenlet] = []
    while len(done) < min(len(greenlets), len(greenlets) if count is None else count):
        try:
            done.append(ended.get(timeout=None if end is None else max(0.0, end - time.monotonic())))
        except queue.Empty:
            break
        if raise_error and (error := done[-1].exception) is not None:
            raise error
    return done


class Group:
    """Green threads that are waited for together."""

    def __init__(self, *_args: Any) -> None:
        self.greenlets: set[Greenlet] = set()

    def spawn(self, *args: Any, **kwargs: Any) -> Greenlet:
        """One more."""
        greenlet = Greenlet(*args, **kwargs)
        self.greenlets.add(greenlet)
        greenlet.link(self._discard)
        greenlet.start()
        return greenlet

    def _discard(self, greenlet: Greenlet) -> None:
        self.greenlets.discard(greenlet)

    def join(self, timeout: float | None = None, raise_error: bool = False) -> bool:
        """Waits for the end of all."""
        joinall(self.greenlets, timeout, raise_error)
        return not self.greenlets

    def map(self, function: Callable[..., Any], iterable: Iterable[Any]) -> list[Any]:
        """What it returns for each, all at once."""
        return [greenlet.get() for greenlet in [self.spawn(function, item) for item in iterable]]

    def imap(self, function: Callable[..., Any], *iterables: Iterable[Any]) -> Iterable[Any]:
        """The same, one by one."""
        return (greenlet.get() for greenlet in [self.spawn(function, *items) for items in zip(*iterables)])

    imap_unordered = imap

    def apply(self, function: Callable[..., Any], args: Any = (), kwds: Any = None) -> Any:
        """What it returns."""
        return self.spawn(function, *args, **(kwds or {})).get()

    def __len__(self) -> int:
        return len(self.greenlets)


class Pool(Group):
    """So many at most."""

    def __init__(self, size: int | None = None, *_args: Any) -> None:
        super().__init__()
        self.size = size
        self._room = threading.Semaphore(size) if size else None

    def spawn(self, *args: Any, **kwargs: Any) -> Greenlet:
        """One more, as soon as there is room."""
        if self._room is not None:
            self._room.acquire()
        return super().spawn(*args, **kwargs)

    def _discard(self, greenlet: Greenlet) -> None:
        super()._discard(greenlet)
        if self._room is not None:
            self._room.release()

    def free_count(self) -> int:
        """Room that is left."""
        return self.size - len(self) if self.size else 1


class AsyncResult:
    """A value that others wait for."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self.value: Any = None
        self.exception: BaseException | None = None

    def set(self, value: Any = None) -> None:
        """Here it is."""
        self.value = value
        self._done.set()

    def set_exception(self, exception: BaseException, exc_info: Any = None) -> None:
        """Here it will not be."""
        self.exception = exception
        self._done.set()

    get = Greenlet.get
    ready = Greenlet.ready
    successful = Greenlet.successful

    def wait(self, timeout: float | None = None) -> Any:
        """Waits for it."""
        self._done.wait(timeout)
        return self.value


def _patched(*_args: Any, **_kwargs: Any) -> bool:
    return True


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Others go on meanwhile."""
    time.sleep(max(0, seconds))


_PATCHES = "all builtins contextvar dns os queue select signal socket ssl subprocess sys thread time"
_CONTENTS: dict[str, dict[str, Any]] = {
    "gevent": {
        "__version__": "26.9.0",
        "Greenlet": Greenlet,
        "getcurrent": threading.current_thread,
        "idle": sleep,
        "joinall": joinall,
        "sleep": sleep,
        "spawn": Greenlet.spawn,
        "spawn_later": Greenlet.spawn_later,
        "spawn_raw": Greenlet.spawn,
        "wait": joinall,
    },
    "gevent.event": {"AsyncResult": AsyncResult, "Event": threading.Event},
    "gevent.greenlet": {"Greenlet": Greenlet, "joinall": joinall},
    "gevent.local": {"local": threading.local},
    "gevent.lock": {
        "BoundedSemaphore": threading.BoundedSemaphore,
        "RLock": threading.RLock,
        "Semaphore": threading.Semaphore,
    },
    "gevent.monkey": {"is_module_patched": _patched, "is_object_patched": _patched}
    | {f"patch_{name}": _patched for name in _PATCHES.split()},
    "gevent.pool": {"Group": Group, "Pool": Pool},
    "gevent.queue": {
        name: getattr(queue, name) for name in ("Empty", "Full", "LifoQueue", "PriorityQueue", "Queue", "SimpleQueue")
    }
    | {"JoinableQueue": queue.Queue},
}


class Finder:
    """Finds these modules."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of gevent or of one of its modules; ImportError for one that is not there."""
        if name in _CONTENTS:
            return ModuleSpec(name, Finder, origin="wasgi", is_package=name == "gevent")  # type: ignore[arg-type]
        if name.startswith("gevent."):
            raise ImportError(f"wasgi has no {name}: there are only {', '.join(_CONTENTS)}", name=name)
        return None

    @staticmethod
    def create_module(_spec: ModuleSpec) -> None:
        """The usual one."""

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Fills it."""
        name = module.__name__
        module.__dict__.update(_CONTENTS[name])

        def lacking(attribute: str) -> NoReturn:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            raise AttributeError(f"wasgi's {name} has no {attribute}: it has what works on its green threads")

        module.__dict__["__getattr__"] = lacking


def install() -> None:
    """Lets the app import them."""
    sys.meta_path.append(Finder)  # type: ignore[arg-type]
