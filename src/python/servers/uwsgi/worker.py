"""The life of a uWSGI worker process, from loading the app to its exit code.

The master's process loads the app, and the workers are forks of it (``--lazy-apps``: each worker
loads it). Without a master each worker loads it all the same; so that it looks like a fork, Rust
shows what the first one prints meanwhile.
"""

import _thread
import sys
from collections.abc import Generator
from signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2
from types import ModuleType
from typing import Final

import _wasgi
from _wasgi import (
    PARK,
    SIGNAL_DEFAULT,
)

from ...process import forking
from ...process.configuration import MASTER
from ...threads import waiting
from ...threads.thread_module import NO_THREADS
from .core import Core, wait_for_io
from .loading import Apps
from .log import say
from .options import Configuration
from .static_files import StaticFiles

_SIGNALS: Final = (SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2)
"""For which uWSGI sets handlers of its own in a worker, in C: Python's stay where they are, and are
not called.
"""
_configuration: Configuration
"""This process's."""


def _number() -> int:
    return _configuration.slot


def _master_pid() -> int:
    if not _configuration.child:
        return 0
    return _configuration.ppid if _number() else _configuration.pid


def _install_module() -> None:
    """The module ``uwsgi``, as far as it tells what is so."""
    module = ModuleType("uwsgi")
    module.__dict__.update(
        version=b"2.0.31",
        applications=None,
        masterpid=_master_pid,
        worker_id=_number,
    )
    sys.modules["uwsgi"] = module


def _watch_modules(configuration: Configuration, seconds: int) -> None:
    if not waiting.SUSPENDS:
        say(
            "wasgi: --py-autoreload does nothing: this browser gives an app no threads (it lacks"
            " JSPI)."
        )
        return
    from . import reloader

    ignored = configuration.options.py_auto_reload_ignore.split()
    reloader.start(seconds, ignored, _number(), _master_pid(), configuration.cwd)


def main(configuration: Configuration) -> Generator[int | None, int]:
    """Runs until the worker is told to leave; SystemExit says with which code. A generator: see
    ``threads.stepping``.
    """
    threads = configuration.threads
    if threads > 1 and not waiting.SUSPENDS:
        say(NO_THREADS)
        raise SystemExit(1)
    global _configuration
    _configuration = configuration
    sys.argv = ["uwsgi", *configuration.options.pyargv.split()]
    _install_module()
    apps = Apps(configuration)
    files = StaticFiles(configuration.options)
    if configuration.slot == MASTER:
        _configuration = configuration = yield from forking.workers(knows=False)
        for signal in _SIGNALS:
            _wasgi.set_disposition(signal, SIGNAL_DEFAULT)
    cores = [Core(number, apps, files, configuration) for number in range(threads)]
    cores[0].name()
    if seconds := configuration.options.py_auto_reload:
        _watch_modules(configuration, seconds)
    while _wasgi.accept() == PARK:
        yield from wait_for_io()
    handles = [_thread.start_joinable_thread(core.run) for core in cores[1:]]
    yield from cores[0].serve()
    for core, handle in zip(cores[1:], handles):
        if not core.stuck:
            handle.join()
    if code := _wasgi.exit_code():
        raise SystemExit(code)
