"""Finds and loads the app that uWSGI's options name, with uWSGI's messages."""

import sys
import time
import traceback
from types import ModuleType
from typing import Any, Final

from ...bridge.tracebacks import traceback_of
from .log import say
from .options import Configuration, Options

FAILED_APP: Final = 22
"""The exit code of a worker that does not go on without an app."""


class _NoApp(Exception):
    """There is no app where the options say; the message is uWSGI's, if it has one."""


def _shown(error: BaseException) -> str:
    """As C code prints it: without a traceback where there is no frame but ours."""
    if all(
        frame.f_code.co_filename == __file__ for frame, _ in traceback.walk_tb(error.__traceback__)
    ):
        return "".join(traceback.format_exception_only(error)).rstrip("\n")
    return traceback_of(error)


def _find(options: Options) -> Any:
    """The app that the options name; None if they name none. Raises _NoApp or what its module
    raises.
    """
    callable_name = options.callable or "application"
    if path := options.wsgi_file:
        try:
            with open(path, "rb") as file:
                code = compile(file.read(), path, "exec")
        except OSError:
            raise _NoApp(f"failed to open python file {path}") from None
        stem = path.removesuffix(".py").translate(str.maketrans("./-", "___"))
        module = ModuleType(f"uwsgi_file_{stem}")
        module.__file__ = path
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)
        app = module.__dict__.get(callable_name)
        if app is None:
            raise _NoApp(f'unable to find "application" callable in file {path}')
        if not callable(app):
            raise _NoApp(f'"application" must be a callable object in file {path}')
        return app
    if target := options.module:
        name, colon, attribute = target.partition(":")
        attribute = attribute if colon else callable_name
        # Not importlib, whose frames would be in a traceback.
        __import__(name)
        module = sys.modules[name]
        app = module.__dict__.get(attribute.removesuffix("()"))
        if app is not None and attribute.endswith("()"):
            app = app()
        if app is None:
            raise _NoApp
        return app
    return None


def load(configuration: Configuration) -> Any:
    """The app, or None; SystemExit where uWSGI does not go on without one."""
    pid = configuration.pid
    begun = time.monotonic()
    app = None
    try:
        app = _find(configuration.options)
        if app is not None:
            seconds = int(time.monotonic() - begun)
            say(
                f"WSGI app 0 (mountpoint='') ready in {seconds} seconds on interpreter {id(sys):#x}"
                f" pid: {pid} (default app)"
            )
    except BaseException as error:
        text = str(error) if isinstance(error, _NoApp) else _shown(error)
        if text:
            say(text)
        say("unable to load app 0 (mountpoint='') (callable not found or import error)")
    if app is None:
        if configuration.options.need_app:
            say("*** no app loaded. GAME OVER ***")
            raise SystemExit(FAILED_APP)
        say("*** no app loaded. going in full dynamic mode ***")
    return app
