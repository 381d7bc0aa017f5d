"""Lines for the server's log. Rust knows each server's format and level."""

from typing import Final

import _wasgi

from .buffer import write_text
from .tracebacks import traceback_of

DEBUG: Final = _wasgi.DEBUG
INFO: Final = _wasgi.INFO
WARNING: Final = _wasgi.WARNING
ERROR: Final = _wasgi.ERROR


def log(level: int, message: str) -> None:
    """One record."""
    _wasgi.log(level, write_text(message))


def exception(level: int, message: str, error: BaseException) -> None:
    """One record with a traceback."""
    log(level, f"{message}\n{traceback_of(error)}")
