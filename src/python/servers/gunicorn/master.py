"""The Python of gunicorn's master: it reads the configuration and runs the master's hooks.

The arbiter itself, who is spawned, killed and reaped, is in Rust (``src/master/gunicorn/``). It
waits for each hook to have run.
"""

import sys
from collections.abc import Generator
from typing import Final

import _wasgi
from _wasgi import HOOK_DONE, HOOK_RAISED, HOOK_SETTINGS

from ...bridge.buffer import read_text, write_text
from ...bridge.tracebacks import traceback_of
from ...process import configuration as configurations
from ...process import forking
from ...threads import waiting
from ...threads.waiting import wait_for_connections
from . import settings
from .arbiter import Arbiter, started
from .options import Configuration
from .worker import forget_handlers, work

_FATAL: Final = ("on_starting", "when_ready", "on_exit")
"""Hooks that run outside the arbiter's main loop, so that nothing catches what they raise."""


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _answer(answer: int, text: str = "") -> None:
    _flush()
    _wasgi.answer_hook(answer, write_text(text))


def _handle(arbiter: Arbiter, order: str) -> Generator[int, int, bool]:
    """Does what Rust's arbiter has come to. Whether this process is a worker now: before each is
    started, the master forks.
    """
    hook, *words = order.split()
    numbers = [int(word) for word in words]
    match hook:
        case "spawned":
            arbiter.forked(numbers[1])
            return False
        case "reload":
            arbiter.reload()
            _answer(HOOK_SETTINGS, settings.command_line(arbiter.app))
            return False
    try:
        arbiter.call(hook, numbers)
    except Exception as error:
        if hook in _FATAL:
            raise
        arbiter.log.error(f"Unhandled exception in main loop\n{traceback_of(error)}")
        _answer(HOOK_RAISED)
        return False
    if hook == "pre_fork":
        _flush()
        if (yield from forking.fork()):
            return True
    _answer(HOOK_DONE)
    return False


def _work(arbiter: Arbiter) -> Generator[int | None, int]:
    """The life of a worker that is a fork of the master."""
    configuration = configurations.read()
    forking.set_identity(configuration)
    forget_handlers()
    app = arbiter.app.wsgi() if arbiter.cfg.preload_app else None
    yield from work(configuration, app, arbiter)


def main(configuration: Configuration) -> Generator[int | None, int]:
    """Runs for as long as the server; SystemExit ends it. A generator: see ``threads.stepping``."""
    try:
        app = settings.application(configuration, Arbiter)
        app.run()
        arbiter = started()
        _answer(HOOK_SETTINGS, settings.command_line(app))
        while True:
            if (length := _wasgi.next_hook()) is not None:
                if (yield from _handle(arbiter, read_text(length))):
                    break
            elif waiting.SUSPENDS:
                wait_for_connections()
            else:
                from ...threads import stepping

                yield from stepping.wait_for_connections()
    except RuntimeError as error:
        # As gunicorn's application does.
        print(f"\nError: {error}\n", file=sys.stderr, flush=True)
        raise SystemExit(1) from None
    yield from _work(arbiter)
