"""Tracebacks as the real servers print them: from the first frame that is not ours."""

import traceback
from pathlib import PurePosixPath
from types import TracebackType
from typing import Final

_OURS: Final = str(PurePosixPath(__file__).parent)


def without_ours(tb: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame outside this package; all of it if there is none."""
    first = tb
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith(_OURS):
        tb = tb.tb_next
    return tb or first


def traceback_of(error: BaseException) -> str:
    """What ``logging`` appends for ``exc_info``: the traceback without its last line end."""
    lines = traceback.format_exception(type(error), error, without_ours(error.__traceback__))
    return "".join(lines).rstrip("\n")
