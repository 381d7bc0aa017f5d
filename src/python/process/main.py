"""The main thread of a process: the system as the app shall see it, then the server's worker."""

import os
import sys
from collections.abc import Generator
from importlib import import_module
from operator import index
from signal import SIGKILL
from typing import Final, NoReturn

import _wasgi
from _wasgi import EXITS, FORKS, WAITS

from ..bridge.buffer import number
from ..bridge.tracebacks import traceback_of
from ..event_loop import loop as event_loop
from ..stdlib import additions
from ..threads import preemption, waiting
from ..threads import thread_module as threads
from . import configuration as configurations
from . import forking
from .exit import EndedBySignal, exit_code
from .search_path import search_first


def _install_identity() -> None:
    """Emscripten gives every process the same pid; ours are the machine's. They change in a fork,
    whoever holds the functions.
    """
    import posix

    def getpid() -> int:
        """Return the current process id."""
        return forking.pid

    def getppid() -> int:
        """Return the parent's process id."""
        return forking.ppid

    def _exit(status: int) -> NoReturn:
        """Exit to the system with specified status, without normal exit processing."""
        _wasgi.exit(index(status) & 0xFF)
        raise AssertionError("the process has ended")

    def kill(process: int, signal: int, /) -> None:
        """Kill a process with a signal."""
        if process == forking.pid and signal == SIGKILL:
            _wasgi.exit(-SIGKILL)
        if signal:
            _wasgi.kill(index(process), index(signal))
        if process == forking.pid:
            preemption.handle_own(sys._getframe(1))

    for module in (os, posix):
        vars(module).update(kill=kill, getpid=getpid, getppid=getppid, _exit=_exit)


def _close_the_browser() -> None:
    """Leaves user code no way from Python to the worker's globals."""
    import pyodide.code

    for name in list(sys.modules):
        if name.partition(".")[0] in ("js", "pyodide_js"):
            del sys.modules[name]

    def run_js(code: str, /) -> None:
        """There is no JavaScript to run here: the app lives in a process of its own."""
        raise RuntimeError("run_js is not available: a wasgi process has no access to JavaScript")

    pyodide.code.run_js = run_js


def _end() -> None:
    """What the interpreter does at its end: waits for the threads that are no daemons, then runs
    the exit functions.
    """
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]  # private
    atexit._run_exitfuncs()


def _prepare() -> None:
    """The system as every process finds it: what the image of a booted interpreter holds."""
    _install_identity()
    forking.install()
    additions.install()
    waiting.install()
    preemption.install()
    threads.install()
    event_loop.install()
    _close_the_browser()


def _main_thread() -> Generator[int | None, int, int]:
    """The process; its exit code, or minus the number of the signal that ended it."""
    _prepare()
    yield FORKS
    forking.begin()
    forking.reseed()
    code = yield from _run()
    try:
        if code >= 0:
            _end()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _run() -> Generator[int | None, int, int]:
    configuration = configurations.read()
    forking.set_identity(configuration)
    additions.count_processors()
    if configuration.master:
        # Where gunicorn goes from there, and where it looks for modules, its own configuration
        # says.
        os.chdir(configuration.cwd)
    else:
        os.chdir(configuration.directory)
        search_first([configuration.directory, *configuration.python_path])
    role = "master" if configuration.master else "worker"
    worker = import_module(f"..servers.{configuration.server}.{role}", __package__)
    try:
        # With stack switching a worker may run to its end in one call.
        if (steps := worker.main(configuration)) is not None:
            yield from steps
    except SystemExit as error:
        return exit_code(error)
    except EndedBySignal as error:
        return -error.number
    except BaseException as error:
        if configuration.server == "uvicorn":
            if configuration.child:
                print("Process SpawnProcess-1:", file=sys.stderr)
            elif isinstance(error, KeyboardInterrupt):
                # What click makes of it.
                print("\nAborted!", file=sys.stderr)
                return 1
        print(traceback_of(error), file=sys.stderr)
        return 1
    return 0


_steps: Final = _main_thread()


def step(outcome: int | None = None) -> int:
    """Runs the process to where it forks, or to its end: EXITS, and the number in the buffer is its
    exit code, or minus the number of the signal that ended it.

    FORKS: an image may be made of the process; it wants to be called again with PARENT or CHILD in
    each process that comes of it. WAITS: without stack switching (JSPI), wherever the main thread
    waits; it wants to be called again with how the wait ended.
    """
    try:
        # A generator that has not begun takes nothing but None.
        step = _steps.send(outcome)  # type: ignore[arg-type]
    except StopIteration as end:
        number[0] = end.value
        return EXITS
    return WAITS if step is None else step
