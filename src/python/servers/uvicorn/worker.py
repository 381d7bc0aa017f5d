"""The life of a uvicorn process, from loading the app to its exit code."""

import sys
import sysconfig
from collections.abc import Generator
from signal import SIGTERM
from typing import Any, Final

from ...asgi.application import App, asgi3, two_steps_app
from ...bridge.log import ERROR, INFO, WARNING, log
from ...process.exit import EndedBySignal
from .loading import ImportFromStringError, load
from .options import Configuration
from .server import STARTUP_FAILURE, run

_LEGACY: Final = (
    "{}/uvicorn/protocols/websockets/websockets_impl.py:41: UvicornDeprecationWarning: The"
    " `websockets` implementation is deprecated, and `--ws websockets` will point at the"
    " `websockets-sansio` implementation in a future release. Use `--ws websockets-sansio` or"
    " `--ws auto` to switch now.\n  warnings.warn("
)
"""What Python says of the module that uvicorn imports."""


def _load(configuration: Configuration) -> App:
    """The app, or SystemExit with uvicorn's exit code. What its import raises goes through."""
    try:
        app: Any = load(configuration.options.import_string)
    except ImportFromStringError as error:
        log(ERROR, f"Error loading ASGI app. {error}")
        raise SystemExit(STARTUP_FAILURE) from None
    try:
        app = app()
    except TypeError as error:
        if configuration.options.factory:
            log(ERROR, f"Error loading ASGI app factory: {error}")
            raise SystemExit(STARTUP_FAILURE) from None
    else:
        if not configuration.options.factory:
            log(
                WARNING,
                "ASGI app factory detected. Using it, but please consider setting the --factory"
                " flag explicitly.",
            )
    match configuration.options.interface:
        case "wsgi":
            from .wsgi_middleware import Middleware

            return Middleware(app)
        case "asgi2":
            return two_steps_app(app)
        case "asgi3":
            single_callable: App = app
            return single_callable
    return asgi3(app)


def _load_environment(configuration: Configuration) -> None:
    """The variables of a file, but for those that are set already."""
    if path := configuration.options.env_file:
        if not configuration.child:
            log(INFO, f"Loading environment from '{path}'")
        from .environment import load_file

        load_file(path)


def main(configuration: Configuration) -> Generator[None, int]:
    """Runs until the server is told to leave; SystemExit says with which code."""
    if (warning := configuration.options.warning) and not configuration.child:
        log(WARNING, warning)
    _load_environment(configuration)
    if configuration.options.legacy_websockets:
        print(_LEGACY.format(sysconfig.get_path("purelib")), file=sys.stderr, flush=True)
    app = _load(configuration)
    signal = yield from run(app, configuration, configuration.options.reset_contextvars)
    if signal == SIGTERM:
        # uvicorn raises the signal that stopped it once more, with the default handler.
        raise EndedBySignal(signal)
