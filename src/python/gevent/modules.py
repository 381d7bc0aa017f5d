"""The module ``gevent`` as apps find it in a gevent worker: its names for what is on the green
threads of this worker.

All of the standard library blocks as gevent's patched one does anyway. gevent's own event loop,
sockets and servers are not there: who asks for them is told so.
"""

import queue
import signal
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

from _wasgi import SLEEP

from ..threads.waiting import new_key, wait, yield_now
from . import errors, events, locks, queues, running_loop, timeout
from . import greenlet as greenlets
from . import hub as hubs
from . import pool as pools

VERSION = "26.9.0"
_NO_SOCKETS = "a browser tab has no sockets of its own"
_REASONS = {
    "ares": "a browser tab has no name resolution",
    "backdoor": _NO_SOCKETS,
    "baseserver": _NO_SOCKETS,
    "fileobject": "files are those of the standard library",
    "pywsgi": "the server is gunicorn's: use the worker class gevent_pywsgi",
    "resolver": "a browser tab has no name resolution",
    "select": _NO_SOCKETS,
    "selectors": _NO_SOCKETS,
    "server": _NO_SOCKETS,
    "socket": _NO_SOCKETS,
    "ssl": _NO_SOCKETS,
    "subprocess": "a browser tab has no programs to run",
}


def _patched(*_args: Any, **_kwargs: Any) -> bool:
    return True


_PATCHES = "builtins contextvar dns os queue select signal socket ssl subprocess sys thread time"
_PATCHED = {
    "contextvars",
    "os",
    "queue",
    "select",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "thread",
    "threading",
    "time",
}


def _is_module_patched(name: str) -> bool:
    return name in _PATCHED


def _is_object_patched(module: str, name: str) -> bool:
    return module in _PATCHED


def _get_original(module: str, names: Any) -> Any:
    found = __import__(module, fromlist=["*"])
    if isinstance(names, str):
        return getattr(found, names)
    return [getattr(found, name) for name in names]


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Others go on meanwhile."""
    if seconds <= 0:
        yield_now()
    else:
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            wait(SLEEP, new_key(), rest)


def _idle(priority: int = 0) -> None:
    sleep(0)


def _signal_handler(number: int, handler: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
    def arrived(_number: int, _frame: object) -> None:
        greenlets.Greenlet.spawn(handler, *args, **kwargs)

    signal.signal(number, arrived)
    return SimpleNamespace(cancel=lambda: signal.signal(number, signal.SIG_DFL))


def _fork(*_args: Any) -> NoReturn:
    raise NotImplementedError(
        "a process of wasgi cannot fork by itself: gunicorn -w starts more of them"
    )


_version_info = namedtuple("_version_info", "major minor micro releaselevel serial")
_major, _minor, _micro = map(int, VERSION.split("."))
_COMMON: dict[str, Any] = {
    "Greenlet": greenlets.Greenlet,
    "GreenletExit": errors.GreenletExit,
    "Timeout": timeout.Timeout,
    "getcurrent": greenlets.getcurrent,
    "get_hub": hubs.get_hub,
    "iwait": greenlets.iwait,
    "joinall": greenlets.joinall,
    "kill": greenlets.kill,
    "killall": greenlets.killall,
    "sleep": sleep,
    "spawn": greenlets.Greenlet.spawn,
    "spawn_later": greenlets.Greenlet.spawn_later,
    "spawn_raw": greenlets.spawn_raw,
    "wait": greenlets.wait,
    "with_timeout": timeout.with_timeout,
}
_CONTENTS: dict[str, dict[str, Any]] = {
    "gevent": _COMMON
    | {
        "__version__": VERSION,
        "config": SimpleNamespace(
            loop="default", resolver="thread", threadpool="gevent.threadpool.ThreadPool"
        ),
        "fork": _fork,
        "idle": _idle,
        "reinit": lambda *_args: None,
        "signal_handler": _signal_handler,
        "version_info": _version_info(_major, _minor, _micro, "final", 0),
    },
    "gevent.event": {"AsyncResult": events.AsyncResult, "Event": events.Event},
    "gevent.exceptions": {"GreenletExit": errors.GreenletExit, "LoopExit": errors.LoopExit},
    "gevent.greenlet": {name: _COMMON[name] for name in ("Greenlet", "joinall", "killall")},
    "gevent.hub": {
        name: _COMMON[name]
        for name in (
            "GreenletExit",
            "get_hub",
            "getcurrent",
            "iwait",
            "kill",
            "sleep",
            "spawn_raw",
            "wait",
        )
    }
    | {
        "Hub": hubs.Hub,
        "LoopExit": errors.LoopExit,
        "reinit": lambda *_args: None,
        "signal": _signal_handler,
    },
    "gevent.local": {"local": threading.local},
    "gevent.lock": {
        "BoundedSemaphore": locks.BoundedSemaphore,
        "DummySemaphore": locks.DummySemaphore,
        "RLock": threading.RLock,
        "Semaphore": locks.Semaphore,
    },
    "gevent.monkey": {
        "get_original": _get_original,
        "is_anything_patched": _patched,
        "is_module_patched": _is_module_patched,
        "is_object_patched": _is_object_patched,
        "patch_all": _patched,
        "patch_module": _patched,
        "patch_item": _patched,
    }
    | {f"patch_{name}": _patched for name in _PATCHES.split()},
    "gevent.pool": {
        "Group": pools.Group,
        "Pool": pools.Pool,
        "PoolFull": pools.PoolFull,
    },
    "gevent.queue": {
        name: getattr(queues, name)
        for name in ("Channel", "JoinableQueue", "LifoQueue", "PriorityQueue", "Queue")
    }
    | {name: getattr(queue, name) for name in ("Empty", "Full", "ShutDown")}
    | {"SimpleQueue": queues.Queue},
    "gevent.threadpool": {"ThreadPool": pools.ThreadPool},
    "gevent.time": {"sleep": sleep, "time": time.time},
    "gevent.timeout": {"Timeout": timeout.Timeout, "with_timeout": timeout.with_timeout},
    "gevent.util": {},
}


class Finder(Loader):
    """Finds and loads these modules."""

    @staticmethod
    def find_spec(
        name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of gevent or of one of its modules; ImportError for one that is not there."""
        if name in _CONTENTS:
            return ModuleSpec(name, Finder(), origin="wasgi", is_package=name == "gevent")
        if name.startswith("gevent."):
            reason = _REASONS.get(name.split(".")[1])
            if reason is not None:
                raise ImportError(f"wasgi has no {name}: {reason}", name=name)
            raise ImportError(
                f"wasgi has no {name}: there are only {', '.join(_CONTENTS)}", name=name
            )
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual one."""

    def exec_module(self, module: ModuleType) -> None:
        """Fills it."""
        name = module.__name__
        module.__dict__.update(_CONTENTS[name])
        if "__version__" not in _CONTENTS[name]:
            module.__dict__["__all__"] = list(_CONTENTS[name])

        def lacking(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            if f"{name}.{attribute}" in _CONTENTS:
                return __import__(f"{name}.{attribute}", fromlist=["*"])
            raise AttributeError(
                f"wasgi's {name} has no {attribute}: it has what works on its green threads"
            )

        module.__dict__["__getattr__"] = lacking


def install() -> None:
    """Lets the app import them."""
    running_loop.share()
    if Finder not in sys.meta_path:
        sys.meta_path.append(Finder)
