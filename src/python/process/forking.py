"""What a fork is to Python: what runs before and after it, and what a new process must not share
with the one it is a copy of.

A fork copies memory where no stack of Python's is in use: the main thread's life is a generator
(see ``process.main``), which yields FORKS and goes on in each process that comes of it. Other
threads are left behind, as in any fork.
"""

import logging
import os
import sys
from asyncio import events
from collections.abc import Callable, Generator
from typing import Any

import _wasgi
from _wasgi import FORKS, PARENT

from ..threads import preemption, waiting
from ..threads import thread_module as threads
from ..threads.thread_module import report_unraisable
from . import configuration as configurations
from .configuration import Configuration

pid = ppid = 0
"""This process's."""

_before: list[Callable[[], object]] = []
_after_in_parent: list[Callable[[], object]] = []
_after_in_child: list[Callable[[], object]] = []


def register_at_fork(
    *,
    before: Callable[[], object] | None = None,
    after_in_child: Callable[[], object] | None = None,
    after_in_parent: Callable[[], object] | None = None,
) -> None:
    """Register callables to be called when forking a new process."""
    if before is after_in_child is after_in_parent is None:
        raise TypeError("At least one argument is required.")
    for hook in (before, after_in_child, after_in_parent):
        if hook is not None and not callable(hook):
            raise TypeError(f"'{type(hook).__name__}' object is not callable")
    if before is not None:
        _before.insert(0, before)
    if after_in_child is not None:
        _after_in_child.append(after_in_child)
    if after_in_parent is not None:
        _after_in_parent.append(after_in_parent)


def _call(hooks: list[Callable[[], object]]) -> None:
    for hook in hooks:
        try:
            hook()
        except BaseException as error:
            report_unraisable(error, f"Exception ignored in fork hook {hook!r}")


def install() -> None:
    """Lets modules say what they do in a fork; those that were imported before are seen to one by
    one.
    """
    import posix

    for module in (os, posix):
        vars(module)["register_at_fork"] = register_at_fork


def begin() -> None:
    """The main thread goes on, on a new stack."""
    _wasgi.main_started()
    # Pyodide tells every new stack that its loop runs.
    events._set_running_loop(None)


def reseed() -> None:
    """Gives ``random`` numbers of its own, where the memory is an image of another process."""
    if (module := sys.modules.get("random")) is not None:
        module._inst.seed()


def fork(knows: bool = True) -> Generator[int, int, bool]:
    """Makes an image of this process. Goes on in this process and in each that comes of the image;
    whether this is one of those.

    Unless Python ``knows`` of the fork, as of ``os.fork()``, nothing is told that has registered to
    be.
    """
    if knows:
        _call(_before)
    if (derivation := sys.modules.get("wasgi_runtime.stdlib.key_derivation")) is not None:
        # They are of this process's JavaScript.
        derivation._spare.clear()
    hook = sys.excepthook
    outcome = yield FORKS
    begin()
    if outcome == PARENT:
        if knows:
            _call(_after_in_parent)
        return False
    # To boot has set it.
    sys.excepthook = hook
    threads.reset_after_fork()
    reseed()
    preemption.report_dispositions()
    if knows:
        threads.mark_others_ended()
        _release_logging()
        _call(_after_in_child)
    return True


def set_identity(configuration: Configuration[Any]) -> None:
    """Tells which process this is."""
    global pid, ppid
    pid, ppid = configuration.pid, configuration.ppid


def workers(knows: bool = True) -> Generator[int | None, int, Configuration[Any]]:
    """Forks a master's process that has loaded the app. Goes on in its workers alone, each with its
    configuration.
    """
    if not (yield from fork(knows)):
        # Its threads live on. All else that the master does is in Rust.
        _wasgi.loaded()
        while True:
            if waiting.SUSPENDS:
                waiting.wait_for_connections()
            else:
                yield None
    configuration = configurations.read()
    set_identity(configuration)
    return configuration


def _release_logging() -> None:
    """What ``logging`` does in a child, which it could not register when it was imported."""
    logging._lock._at_fork_reinit()  # type: ignore[attr-defined]  # private
    for handler in threads.logging_handlers():
        if handler.lock is not None:
            handler.lock._at_fork_reinit()  # type: ignore[attr-defined]  # private
