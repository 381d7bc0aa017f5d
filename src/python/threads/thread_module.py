"""``_thread`` on green threads: each is a Python stack of its own that JavaScript suspends and
resumes.

Everything that is built on ``_thread`` (``threading``, ``queue``, ``concurrent.futures``,
``asyncio.to_thread``) is CPython's own.
"""

import _thread
import functools
import importlib
import logging
import sys
import time
import types
from asyncio import events
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from typing import Any, Final

import _wasgi
from _wasgi import LOCK

from ..bridge.tracebacks import traceback_of
from . import locks
from .locks import RLock, lock
from .waiting import SUSPENDS, new_key, wait

MAIN: Final = _thread.get_ident()
"""The main thread's identity; the others' follow it in steps."""
STEP: Final = 16

NO_THREADS: Final = (
    "can't start new thread: threads need WebAssembly stack switching (JSPI), which this browser"
    " lacks; Chrome 137, Firefox 153 and Safari 27 have it"
)

_identity = _thread._local()
_identity.ident = MAIN
get_ident = functools.partial(getattr, _identity, "ident", MAIN)
"""The running thread's identity, by a call that is all C."""
get_ident.__module__ = "_thread"

_monotonic = time.monotonic
_begun: dict[
    int, tuple[Callable[..., object], tuple[Any, ...], dict[str, Any], _ThreadHandle | None]
] = {}
_alive = 0
_not_daemons: set[_ThreadHandle] = set()


class _ThreadHandle:
    """A handle of a joinable thread."""

    __slots__ = ("__weakref__", "_done", "_key", "_started", "ident")
    __module__ = "_thread"

    def __init__(self) -> None:
        self.ident = 0
        self._started = False
        self._done = False
        self._key: int | None = None

    def is_done(self) -> bool:
        return self._done

    def _set_done(self) -> None:
        if not self._started:
            raise RuntimeError("thread not started")
        self._done = True
        if self._key is not None:
            _wasgi.wake_all(self._key)

    def join(self, timeout: float | None = None, /) -> None:
        if not self._started:
            raise RuntimeError("thread not started")
        if self._done:
            return
        if self.ident == get_ident():
            raise RuntimeError("Cannot join current thread")
        rest = None if timeout is None or timeout < 0 else float(timeout)
        if self._key is None:
            self._key = new_key()
        end = 0.0 if rest is None else _monotonic() + rest
        while not self._done:
            if rest is not None and rest <= 0:
                return
            wait(LOCK, self._key, rest)
            if rest is not None:
                rest = end - _monotonic()

    def __repr__(self) -> str:
        return f"<_ThreadHandle object: ident={self.ident}>"


def start(number: int) -> None:
    """The life of a thread: its stack begins here."""
    global _alive
    function, args, kwargs, handle = _begun.pop(number)
    ident = MAIN + (number - 1) * STEP
    _wasgi.thread_started(ident)
    _identity.ident = ident
    # Pyodide tells every new stack that its loop runs.
    events._set_running_loop(None)
    try:
        function(*args, **kwargs)
    except SystemExit:
        pass
    except BaseException as error:
        report_unraisable(error, f"Exception ignored in thread started by {function!r}")
    finally:
        del function, args, kwargs
        _alive -= 1
        _wasgi.thread_ending()
        if handle is not None:
            _not_daemons.discard(handle)
            handle._set_done()


def report_unraisable(error: BaseException, message: str) -> None:
    """What CPython does with an exception that nobody could catch."""
    hook = sys.unraisablehook
    if hook is sys.__unraisablehook__:
        # CPython's own takes nothing but what CPython has made.
        if sys.stderr is not None:
            print(message, traceback_of(error), sep=":\n", file=sys.stderr)
        return
    arguments: Any = types.SimpleNamespace(
        exc_type=type(error),
        exc_value=error,
        exc_traceback=error.__traceback__,
        err_msg=message,
        object=None,
    )
    hook(arguments)


def logging_handlers() -> list[logging.Handler]:
    """All handlers of log records that there are."""
    references = logging._handlerList  # type: ignore[attr-defined]  # private
    return [handler for reference in references if (handler := reference()) is not None]


def mark_others_ended() -> None:
    """The threads of the process that this is a copy of have ended, as far as this process is
    concerned.
    """
    import threading

    me = threading.current_thread()
    dangling = threading._dangling  # type: ignore[attr-defined]  # private
    for thread in {*threading.enumerate(), *dangling}:
        if thread is not me and (handle := thread._os_thread_handle)._started:
            handle._done = True


def reset_after_fork() -> None:
    """The memory is that of another process, whose other threads are not here."""
    global _alive
    _alive = 0
    _begun.clear()
    _not_daemons.clear()


def _spawn(
    function: Callable[..., object],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    handle: _ThreadHandle | None,
) -> int:
    global _alive
    if not SUSPENDS:
        raise RuntimeError(NO_THREADS)
    number = _wasgi.spawn()
    if number is None:
        raise RuntimeError("can't start new thread")
    ident = MAIN + (number - 1) * STEP
    if handle is not None:
        handle.ident = ident
        handle._started = True
    _alive += 1
    _begun[number] = (function, args, kwargs, handle)
    return ident


def start_new_thread(function: Any, args: Any, kwargs: Any = None, /) -> int:
    """Start a new thread and return its identifier."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    return _spawn(function, args, kwargs or {}, None)


def start_joinable_thread(
    function: Any, handle: _ThreadHandle | None = None, daemon: bool = True
) -> _ThreadHandle:
    """Start a new thread that can be joined, and return its handle."""
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = _ThreadHandle()
    elif not isinstance(handle, _ThreadHandle):
        raise TypeError("'handle' must be a _ThreadHandle")
    if handle._started:
        raise RuntimeError("thread already started")
    _spawn(function, (), {}, handle)
    if not daemon:
        _not_daemons.add(handle)
    return handle


def _make_thread_handle(ident: int) -> _ThreadHandle:
    """Internal only. Make a thread handle for threads not spawned by the _thread or threading
    module.
    """
    handle = _ThreadHandle()
    handle.ident = ident
    handle._started = True
    return handle


def _shutdown() -> None:
    """Internal only. Wait for all non-daemon threads (other than the calling thread) to stop."""
    me = get_ident()
    while others := [handle for handle in _not_daemons if handle.ident != me]:
        for handle in others:
            handle.join()


def _count() -> int:
    """Return the number of currently running Python threads, excluding the main thread."""
    return _alive


class _QueueImporter(Loader):
    """Imports our ``_queue``, however often: a thread that waits in that of C holds up all
    others.
    """

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, origin="built-in") if name == "_queue" else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        module.__doc__ = "C implementation of the Python queue module."
        vars(module).update(SimpleQueue=locks.SimpleQueue, Empty=locks.Empty)


def install() -> None:
    """Puts these in the place of what CPython has on a system without threads, also where it was
    taken already.
    """
    ours: dict[str, Any] = {
        "_count": _count,
        "_make_thread_handle": _make_thread_handle,
        "_shutdown": _shutdown,
        "_ThreadHandle": _ThreadHandle,
        "allocate": lock,
        "allocate_lock": lock,
        "get_ident": get_ident,
        "get_native_id": get_ident,
        "lock": lock,
        "LockType": lock,
        "RLock": RLock,
        "start_joinable_thread": start_joinable_thread,
        "start_new": start_new_thread,
        "start_new_thread": start_new_thread,
    }
    sys.modules.pop("_queue", None)
    sys.meta_path.insert(0, _QueueImporter())
    theirs = {name: getattr(_thread, name, None) for name in ours}
    kinds = (theirs["lock"], theirs["RLock"])
    for name, value in ours.items():
        setattr(_thread, name, value)
    import threading

    importlib.reload(threading)
    if "queue" in sys.modules:
        importlib.reload(sys.modules["queue"])
    # What modules took from _thread when they were imported.
    replaced = {id(value): ours[name] for name, value in theirs.items() if value is not None}
    for module in list(sys.modules.values()):
        if module is _thread or module is threading or not hasattr(module, "__dict__"):
            continue
        for name, value in list(vars(module).items()):
            if id(value) in replaced:
                setattr(module, name, replaced[id(value)])
            elif type(value) is kinds[0]:
                setattr(module, name, lock())
            elif type(value) is kinds[1]:
                setattr(module, name, RLock())
    for handler in logging_handlers():
        handler.lock = threading.RLock()
