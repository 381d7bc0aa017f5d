"""gevent's exceptions, and what becomes of those that nobody catches."""

import sys
import time
from collections.abc import Callable
from typing import Final

from ..bridge.tracebacks import traceback_of
from ..wsgi import cycle as wsgi


class GreenletExit(BaseException):
    """What ``kill`` throws: the green thread ends, and that is no error."""

    __module__ = "greenlet"


wsgi.silent_exits = (SystemExit, GreenletExit)


class LoopExit(Exception):
    """Nothing can ever wake the waiting thread. A worker serves connections: it is never raised
    here.
    """

    __module__ = "gevent.exceptions"


SYSTEM_ERROR: Final = (KeyboardInterrupt, SystemExit, SystemError)
"""What ends the worker, whichever thread raises it."""


def _ignore(_error: BaseException) -> None:
    """Until there is a worker."""


on_system_error: Callable[[BaseException], object] = _ignore
"""Ends the worker."""


def failed(context: object, error: BaseException) -> None:
    """What the hub prints of an exception that nobody catches."""
    if isinstance(error, GreenletExit):
        return
    if isinstance(error, SYSTEM_ERROR):
        on_system_error(error)
        return
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(
        f"{traceback_of(error)}\n{stamp} {context!r} failed with {type(error).__name__}\n",
        file=sys.stderr,
        flush=True,
    )
