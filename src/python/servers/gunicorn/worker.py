"""The life of a gunicorn worker process, from "Booting worker" to its exit code."""

import sys
from collections.abc import Callable, Generator
from functools import partial
from signal import (
    SIG_DFL,
    SIGABRT,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGQUIT,
    SIGTERM,
    SIGUSR1,
    SIGUSR2,
    SIGWINCH,
    signal,
)
from typing import Any, Final

import _wasgi
from _wasgi import PARK

from ...bridge.log import DEBUG, ERROR, INFO, exception, log
from ...process import forking
from ...process.configuration import MASTER
from ...process.exit import EndedBySignal
from ...threads import waiting
from ...threads.thread_module import NO_THREADS
from ...wsgi import cycle
from ...wsgi.access import Watch
from . import loading
from .options import Configuration

BOOT_ERROR: Final = 3
LOAD_ERROR: Final = 4

_SIGNALS: Final = (SIGABRT, SIGHUP, SIGQUIT, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD)
"""For which arbiter and workers have handlers of their own."""


def _load(configuration: Configuration, reloader: Any) -> Any:
    """The app, or SystemExit with gunicorn's exit code."""
    try:
        load = partial(loading.load, configuration.options.module, configuration.options.attribute)
        return load() if reloader is None else reloader.load(load)
    except loading.AppImportError as error:
        exception(DEBUG, "Exception while loading the application", error)
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(LOAD_ERROR) from None
    except Exception as error:
        raise _cannot_boot(error) from None


def _cannot_boot(error: Exception) -> SystemExit:
    exception(ERROR, "Exception in worker process", error)
    print(error, file=sys.stderr, flush=True)
    return SystemExit(BOOT_ERROR)


def _call[T](hook: Callable[..., T], *arguments: object) -> T:
    try:
        return hook(*arguments)
    except Exception as error:
        raise _cannot_boot(error) from None


def forget_handlers() -> None:
    """The master has set handlers of its own since its forks' image was made; a worker begins with
    none.
    """
    for number in _SIGNALS:
        signal(number, SIG_DFL)


def _preload(
    configuration: Configuration,
) -> Generator[int | None, int, tuple[Configuration, Any]]:
    """The master's process under ``--preload``: loads the app, and forks. Goes on in workers alone,
    each with the app.

    What the import raises ends the master, with its traceback.
    """
    if configuration.worker_class == "green":
        from ...gevent import modules as gevent_modules

        gevent_modules.install()
    app = loading.load(configuration.options.module, configuration.options.attribute)
    configuration = yield from forking.workers()
    forget_handlers()
    return configuration, app


def main(configuration: Configuration) -> Generator[int | None, int]:
    """Runs until the worker is told to leave; SystemExit says with which code. A generator: see
    ``threads.stepping``.
    """
    app = None
    if configuration.slot == MASTER:
        configuration, app = yield from _preload(configuration)
    yield from work(configuration, app)


def work(
    configuration: Configuration, app: Any = None, server: Any = None
) -> Generator[int | None, int]:
    """A worker's life: with the app, if its master has loaded it, and with its master as it was, if
    it is a fork of it.
    """
    log(INFO, f"Booting worker with pid: {configuration.pid}")
    hooks = None
    stopped_by = 0
    if (format := configuration.options.access_log_format) is not None:
        cycle.watch = Watch(format)
    cycle.sends_files = configuration.options.sends_files
    try:
        serve: Callable[[Any], None] | None = None
        if configuration.options.worker_hooks:
            from .hooks import Worker

            hooks = Worker(configuration, server)
            _call(hooks.forked)
        if configuration.worker_class in ("threaded", "green") and not waiting.SUSPENDS:
            raise _cannot_boot(RuntimeError(NO_THREADS))
        if configuration.worker_class == "green":
            from . import gevent_worker

            serve = gevent_worker.Worker(configuration).run
        elif configuration.worker_class == "threaded":
            # Not before: who imports concurrent.futures registers with the threading that is there
            # now.
            from . import gthread

            try:
                serve = gthread.Worker(configuration).run
            except ValueError as error:
                raise _cannot_boot(error) from None
        reloader = None
        if configuration.options.reload_engine is not None:
            from .reloader import Reloader

            interrupted = None if hooks is None else hooks.interrupted
            reloader = _call(Reloader, configuration, interrupted)
        app = app or _load(configuration, reloader)
        if reloader is not None:
            _call(reloader.start)
        if hooks is not None:
            _call(hooks.loaded, app)
        if configuration.python_responses and configuration.worker_class != "green":
            from . import asgi_worker

            yield from asgi_worker.run(app, configuration)
            return
        if configuration.interface == "asgi":
            # uvicorn's worker class: its server in a gunicorn worker's process.
            from ...asgi.application import asgi3
            from ..uvicorn import server as uvicorn

            stopped_by = yield from uvicorn.run(asgi3(app), configuration)
            if stopped_by == SIGTERM:
                # uvicorn raises it once more with the default handler, which leaves gunicorn's
                # worker no last word.
                raise EndedBySignal(stopped_by)
            return
        while _wasgi.accept() == PARK:
            if waiting.SUSPENDS:
                waiting.yield_now(to_messages=True)
            else:
                from ...threads.stepping import yield_to_messages

                yield from yield_to_messages()
        if serve is not None:
            serve(app)
            return
        if waiting.SUSPENDS:
            from . import sync

            sync.serve(app)
        else:
            from ...wsgi import stepped

            yield from stepped.serve(app)
        if code := _wasgi.exit_code():
            raise SystemExit(code)
    finally:
        if stopped_by != SIGTERM:
            log(INFO, f"Worker exiting (pid: {configuration.pid})")
            if hooks is not None:
                hooks.exiting()
