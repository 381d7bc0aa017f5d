"""gevent's ``Greenlet`` on the green threads of a worker, and the functions that wait for several
things.
"""

import _thread
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import count
from typing import Any, Final

import _wasgi
from _wasgi import LOCK

from ..threads.waiting import new_key, thrown
from ..threads.waiting import wait as wait_for_key
from .errors import GreenletExit, failed
from .hub import hub, unpatched
from .timeout import Timeout, throw_into
from .timers import Timer, call_soon, timers

_monotonic = time.monotonic
_numbers = count()


class Waitable:
    """What threads wait for and callbacks are linked to."""

    def __init__(self) -> None:
        self._key: int | None = None
        self._links: list[Callable[[Any], object]] = []

    def ready(self) -> bool:
        """Whether waiting for it is over."""
        raise NotImplementedError

    def _await(self, timeout: float | None, ready: Callable[[], bool] | None = None) -> bool:
        ready = ready or self.ready
        rest = None if timeout is None else max(0.0, timeout)
        end = 0.0 if rest is None else _monotonic() + rest
        if self._key is None:
            self._key = new_key()
        while not ready():
            if rest is not None and rest <= 0:
                return False
            wait_for_key(LOCK, self._key, rest)
            if rest is not None:
                rest = end - _monotonic()
        return True

    def _notify(self) -> None:
        if self._key is not None:
            _wasgi.wake_all(self._key)
        links, self._links = self._links, []
        for link in links:
            self._call(link)

    def _call(self, link: Callable[[Any], object]) -> None:
        try:
            link(self)
        except BaseException as error:
            failed((link, self), error)

    def rawlink(self, callback: Callable[[Any], object]) -> None:
        """Calls ``callback`` with this object when it is ready."""
        if not callable(callback):
            raise TypeError(f"Expected callable: {callback!r}")
        if self.ready():
            call_soon(lambda: self._call(callback))
        else:
            self._links.append(callback)

    def unlink(self, callback: Callable[[Any], object]) -> None:
        """Takes back ``rawlink``."""
        for link in self._links:
            if link == callback or getattr(link, "callback", None) == callback:
                self._links.remove(link)
                return

    def unlink_all(self) -> None:
        """Takes back all of ``rawlink``."""
        self._links.clear()


class greenlet:
    """A plain thread, without the states and results of a Greenlet."""

    __module__ = "greenlet"
    gr_context = None
    ident = 0

    def __init__(self, run: Callable[..., Any] | None = None, parent: Any = None) -> None:
        self.run = run

    @property
    def parent(self) -> Any:
        """The worker's hub."""
        return hub

    @property
    def dead(self) -> bool:
        """Whether the thread has ended."""
        return False

    def __bool__(self) -> bool:
        return not self.dead

    def throw(self, typ: Any = GreenletExit, val: Any = None, tb: Any = None) -> None:
        """Raises an exception in the thread, where it waits now or will wait next."""
        error = _error(typ, val, tb)
        if self.ident == _thread.get_ident():
            raise error
        throw_into(self.ident, error)

    switch = unpatched


def _error(typ: Any, val: Any = None, tb: Any = None) -> BaseException:
    if isinstance(typ, BaseException):
        error = typ
    elif isinstance(val, BaseException):
        error = val
    else:
        error = typ() if val is None else typ(val)
    return error.with_traceback(tb)


class _Link:
    """A callback for a Greenlet that succeeds, or for one that fails."""

    def __init__(self, callback: Callable[[Any], object], successful: bool) -> None:
        self.callback, self.successful = callback, successful

    def __call__(self, source: Any) -> None:
        if source.successful() == self.successful:
            self.callback(source)


class Greenlet(Waitable, greenlet):
    """A green thread, with its result."""

    __module__ = "gevent"

    def __init__(self, run: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> None:
        Waitable.__init__(self)
        if run is not None:
            if not callable(run):
                raise TypeError("The run argument or self._run must be callable")
            vars(self)["_run"] = run
        self.args, self.kwargs = args, kwargs
        self.value: Any = None
        self.exc_info: tuple[Any, Any, Any] | None = None
        self._started: bool | Timer = False
        self._over = False
        self._early: BaseException | None = None

    def _run(self, *_args: Any, **_kwargs: Any) -> Any:
        """The thread's function: subclasses may override it."""

    @cached_property
    def minimal_ident(self) -> int:
        """A number that no other Greenlet has."""
        return next(_numbers)

    @cached_property
    def name(self) -> str:
        """The class's name and ``minimal_ident``, unless another is set."""
        return f"{type(self).__name__}-{self.minimal_ident}"

    # --- its life

    def start(self) -> None:
        """Starts the thread, which runs when the running one waits."""
        if not self._started:
            self._started = True
            _thread.start_new_thread(self._run_thread, ())

    def start_later(self, seconds: float) -> None:
        """Starts the thread after so many seconds."""
        if not self._started:
            self._started = timers.add(seconds, self._start_now)

    def _start_now(self) -> None:
        self._started = False
        self.start()

    def _run_thread(self) -> None:
        self.ident = _thread.get_ident()
        _alive[self.ident] = self
        try:
            if self._early is not None:
                raise self._early
            self.value = self._run(*self.args, **self.kwargs)
        except GreenletExit as error:
            self.value = error
        except BaseException as error:
            self.exc_info = (type(error), error, error.__traceback__)
            failed(self, error)
        finally:
            self._end()
            unregister()

    def _end(self) -> None:
        self._over = True
        self.args, self.kwargs = (), {}
        self._notify()

    @classmethod
    def spawn(cls, *args: Any, **kwargs: Any) -> Greenlet:
        """Makes a Greenlet and starts it."""
        thread = cls(*args, **kwargs)
        thread.start()
        return thread

    @classmethod
    def spawn_later(cls, seconds: float, *args: Any, **kwargs: Any) -> Greenlet:
        """Makes a Greenlet that starts after so many seconds."""
        thread = cls(*args, **kwargs)
        thread.start_later(seconds)
        return thread

    # --- what has become of it

    @property
    def started(self) -> bool:
        """Whether the thread is started, and has not ended."""
        return bool(self._started) and not self._over

    def ready(self) -> bool:
        """Whether the thread has ended."""
        return self._over

    @property
    def dead(self) -> bool:
        """Whether the thread has ended."""
        return self._over

    def __bool__(self) -> bool:
        return bool(self._started) and not self._over

    def successful(self) -> bool:
        """Whether the function has returned, or the thread was killed."""
        return self._over and self.exc_info is None

    @property
    def exception(self) -> BaseException | None:
        """The exception that ended the thread; None where none did."""
        return None if self.exc_info is None else self.exc_info[1]

    def join(self, timeout: float | None = None) -> None:
        """Waits for the thread's end, for so many seconds at most."""
        self._await(timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Waits for the function's result and returns it, or raises its exception."""
        if not self._over and (not block or not self._await(timeout)):
            raise Timeout(timeout if block else None)
        if self.exc_info is not None:
            raise self.exc_info[1]
        return self.value

    def link(self, callback: Callable[[Any], object], SpawnedLink: Any = None) -> None:
        """Calls ``callback`` at the thread's end."""
        self.rawlink(callback)

    def link_value(self, callback: Callable[[Any], object], SpawnedLink: Any = None) -> None:
        """Calls ``callback`` at the thread's end, if it succeeds."""
        self.rawlink(_Link(callback, True))

    def link_exception(self, callback: Callable[[Any], object], SpawnedLink: Any = None) -> None:
        """Calls ``callback`` at the thread's end, if it fails."""
        self.rawlink(_Link(callback, False))

    # --- its end by others

    def throw(self, typ: Any = GreenletExit, val: Any = None, tb: Any = None) -> None:
        """Raises an exception in the thread, where it waits now or will wait next."""
        error = _error(typ, val, tb)
        if self._over:
            return
        if self.ident == _thread.get_ident():
            raise error
        if self.ident:
            throw_into(self.ident, error)
            return
        # It has not begun.
        if self._started is True:
            self._early = error
            return
        if isinstance(self._started, Timer):
            self._started.stop()
        if isinstance(error, GreenletExit):
            self.value = error
        else:
            self.exc_info = (type(error), error, error.__traceback__)
            failed(self, error)
        self._started = True
        self._end()

    def kill(
        self, exception: Any = GreenletExit, block: bool = True, timeout: float | None = None
    ) -> None:
        """Raises GreenletExit, or another exception, in the thread, and waits for its end."""
        self.throw(exception)
        if block:
            self.join(timeout)

    def _formatted(self) -> str:
        name = getattr(self._run, "__name__", None) or repr(self._run)
        arguments = [
            *map(_short, self.args),
            *(f"{key}={_short(value)}" for key, value in self.kwargs.items()),
        ]
        return f"{name}({', '.join(arguments)})" if arguments else name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x}: {self._formatted()}>"


def _short(value: object) -> str:
    return repr(value)[:50]


class _Connection(Greenlet):
    """The thread of a connection, which the worker has started."""

    def __init__(self, ident: int) -> None:
        super().__init__()
        self.ident = ident
        self._started = True

    def __repr__(self) -> str:
        return f"<Greenlet at {id(self):#x}: _handle_and_close_when_done>"


_alive: Final[dict[int, greenlet]] = {}
_main: Final = greenlet()
_main.ident = _thread.get_ident()


def getcurrent() -> greenlet:
    """The running thread's."""
    ident = _thread.get_ident()
    if ident == _main.ident:
        return _main
    if (known := _alive.get(ident)) is None:
        known = _alive[ident] = _Connection(ident)
    return known


def unregister() -> None:
    """The running thread is about to end: it is no greenlet any more."""
    ident = _thread.get_ident()
    known = _alive.pop(ident, None)
    thrown.pop(ident, None)
    if isinstance(known, _Connection):
        known._end()


def spawn_raw(function: Callable[..., Any], *args: Any, **kwargs: Any) -> greenlet:
    """Starts a plain thread."""
    thread = greenlet(function)

    def live() -> None:
        thread.ident = _thread.get_ident()
        _alive[thread.ident] = thread
        try:
            function(*args, **kwargs)
        except BaseException as error:
            failed(thread, error)
        finally:
            unregister()

    _thread.start_new_thread(live, ())
    return thread


def iwait(
    objects: Iterable[Any], timeout: float | None = None, count: int | None = None
) -> Iterator[Any]:
    """Yields the objects as they get ready, ``count`` at most, for ``timeout`` seconds at most."""
    objects = list(objects)
    left = len(objects) if count is None else min(count, len(objects))
    end = None if timeout is None else _monotonic() + timeout
    ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        for waited in objects:
            waited.rawlink(ready.put)
        while left > 0:
            try:
                yield ready.get(timeout=None if end is None else max(0.0, end - _monotonic()))
            except queue.Empty:
                return
            left -= 1
    finally:
        for waited in objects:
            waited.unlink(ready.put)


def wait(
    objects: Iterable[Any] | None = None, timeout: float | None = None, count: int | None = None
) -> Any:
    """The objects that got ready, as ``iwait`` yields them."""
    if objects is None:
        return hub.join(timeout)
    return list(iwait(objects, timeout, count))


def joinall(
    greenlets: Iterable[Greenlet],
    timeout: float | None = None,
    raise_error: bool = False,
    count: int | None = None,
) -> list[Greenlet]:
    """Waits until all have ended, or ``count`` of them; returns those that have."""
    done = []
    for ended in iwait(greenlets, timeout, count):
        if raise_error and getattr(ended, "exception", None) is not None:
            raise ended.exception
        done.append(ended)
    return done


def kill(thread: Any, exception: Any = GreenletExit) -> None:
    """Raises an exception in a thread, and does not wait for its end."""
    thread.throw(exception)


def killall(
    greenlets: Iterable[Any],
    exception: Any = GreenletExit,
    block: bool = True,
    timeout: float | None = None,
) -> None:
    """Raises an exception in all the threads, and waits for their end."""
    greenlets = list(greenlets)
    for thread in greenlets:
        thread.throw(exception)
    if block and greenlets and len(joinall(greenlets, timeout)) < len(greenlets):
        raise Timeout(timeout)
