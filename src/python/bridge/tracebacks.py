"""Tracebacks as the real servers print them: without the frames of this package."""

from pathlib import PurePosixPath
from traceback import StackSummary, TracebackException
from types import TracebackType
from typing import Final

_OURS: Final = str(PurePosixPath(__file__).parents[1]) + "/"


def _strip(rendered: TracebackException | None) -> None:
    """Leaves our frames out of a traceback and of what it was caused by."""
    while rendered is not None:
        theirs = [frame for frame in rendered.stack if not frame.filename.startswith(_OURS)]
        if theirs:
            rendered.stack = StackSummary.from_list(theirs)
        for nested in rendered.exceptions or ():
            _strip(nested)
        rendered = rendered.__cause__ or rendered.__context__


def traceback_of(error: BaseException, tb: TracebackType | None = None) -> str:
    """What ``logging`` appends for ``exc_info``: the traceback without its last line end."""
    rendered = TracebackException(type(error), error, tb or error.__traceback__, compact=True)
    _strip(rendered)
    return "".join(rendered.format()).rstrip("\n")


def printed_by_c(error: BaseException) -> str:
    """The same, where C code called: without a frame of Python there is no traceback, but for the
    exception itself.
    """
    rendered = TracebackException(type(error), error, error.__traceback__, compact=True)
    if all(frame.filename.startswith(_OURS) for frame in rendered.stack):
        return "".join(rendered.format_exception_only()).rstrip("\n")
    return traceback_of(error)
