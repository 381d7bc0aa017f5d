"""gunicorn's own reading of its configuration: defaults, the configuration file, GUNICORN_CMD_ARGS,
the command line.

It is the real package's ``gunicorn.config`` and ``gunicorn.app``; only its arbiter is ours. What it
has settled goes to Rust as a command line of its own (see ``servers::SETTINGS``).
"""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from .options import Configuration

WORKER_HOOKS: Final = (
    "post_fork",
    "post_worker_init",
    "worker_int",
    "worker_abort",
    "pre_request",
    "post_request",
    "worker_exit",
)
_ALWAYS: Final = ("bind", "workers", "chdir")
"""Settings whose defaults depend on the environment."""
_NOT_THE_WORKERS: Final = ("config", "check_config", "print_config")
_LOGGING: Final = (
    "the log is written by wasgi, so Python's logging configuration has no hold on it."
)
_TLS: Final = (
    "there is no TLS here: between the page and a server inside it there is no network to protect."
)
_DIRTY: Final = "wasgi has no dirty workers."
_REFUSED: Final = {
    "logconfig_dict": _LOGGING,
    "secure_scheme_headers": "wasgi cannot do this yet.",
    "ssl_context": _TLS,
    "on_dirty_starting": _DIRTY,
    "dirty_post_fork": _DIRTY,
    "dirty_worker_init": _DIRTY,
    "dirty_worker_exit": _DIRTY,
}
"""Settings that have no option, and why they cannot be honoured."""


class _SSLError(OSError):
    pass


def _missing() -> dict[str, ModuleType]:
    """Modules that this CPython lacks and gunicorn imports, with what it asks them while it is
    imported.
    """
    modules = {name: ModuleType(name) for name in ("ssl", "pwd", "grp", "gunicorn.arbiter")}
    modules["ssl"].__dict__.update(
        PROTOCOL_TLS=2, PROTOCOL_SSLv23=2, CERT_NONE=0, SSLError=_SSLError, SSL_ERROR_EOF=8
    )
    return {name: module for name, module in modules.items() if name not in sys.modules}


@contextlib.contextmanager
def importable(arbiter: type | None = None) -> Iterator[None]:
    """Where gunicorn's modules can be imported."""
    for name in ("geteuid", "getegid"):
        if not hasattr(os, name):
            setattr(os, name, getattr(os, name.replace("gete", "get")))
    missing = _missing()
    if "gunicorn.arbiter" in missing:
        vars(missing["gunicorn.arbiter"])["Arbiter"] = arbiter
    sys.modules.update(missing)
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def application(configuration: Configuration, arbiter: type) -> Any:
    """gunicorn's application, whose configuration is loaded. SystemExit says that it could not be,
    and that it was told why.
    """
    sys.argv = list(configuration.argv)
    with importable(arbiter):
        from gunicorn.app.wsgiapp import WSGIApplication
    return WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")


def hooks(config: Any, names: tuple[str, ...]) -> list[str]:
    """Which of these hooks are not the defaults, which do next to nothing."""
    return [
        name for name in names if config.settings[name].value is not config.settings[name].default
    ]


def command_line(app: Any) -> str:
    """What is set, as a command line: its options, the app, and the hooks that workers run."""
    config = app.cfg
    for name, reason in _REFUSED.items():
        if config.settings[name].value != config.settings[name].default:
            print(f"\nError: {name}: {reason}", file=sys.stderr, flush=True)
            raise SystemExit(1)
    words = [word for setting in config.settings.values() for word in _words(setting)]
    return shlex.join([*words, "--", app.app_uri, ",".join(hooks(config, WORKER_HOOKS))])


def _words(setting: Any) -> Iterator[str]:
    value = setting.value
    if not setting.cli or setting.name in _NOT_THE_WORKERS:
        return
    default = type(setting)().value
    if value == default and setting.name not in _ALWAYS:
        return
    option = setting.cli[-1]
    match setting.action:
        case "store_true" | "store_false" | "store_const":
            yield option
        case "append":
            yield from (f"{option}={one}" for one in value)
        case _ if isinstance(value, list):
            yield f"{option}={','.join(value)}"
        case _ if isinstance(value, type):
            yield f"{option}={value.__module__}.{value.__qualname__}"
        case _:
            yield f"{option}={value}"
