"""What signals do to a gunicorn worker of many threads (gthread, gevent)."""

import sys
from signal import SIGABRT, SIGINT, SIGQUIT, SIGTERM, signal
from types import FrameType
from typing import Final

import _wasgi
from _wasgi import PARK, PARK_FOR

from ...bridge.buffer import number

WAITS: Final = (PARK, PARK_FOR)
"""What a thread that asks for its connection's next request may have to do."""


def patience(reply: int) -> float | None:
    """For how many seconds the thread waits; None: for ever."""
    return number[0] / 1000 if reply == PARK_FOR else None


class ThreadedWorker:
    """A worker whose main thread hears signals."""

    def set_signal_handlers(self) -> None:
        """Sets the handlers; a signal that came before them comes again."""
        for signal_number, handler in (
            (SIGQUIT, self.handle_quit),
            (SIGTERM, self.handle_exit),
            (SIGINT, self.handle_quit),
            (SIGABRT, self.handle_abort),
        ):
            signal(signal_number, handler)
        if (early := _wasgi.early_signal()) is not None:
            _wasgi.raise_signal(early)

    def handle_exit(self, _number: int, _frame: FrameType | None) -> None:
        """Stops when the connections are done with."""
        _wasgi.stop()

    def handle_quit(self, _number: int, _frame: FrameType | None) -> None:
        """Leaves at once."""
        raise NotImplementedError

    def handle_abort(self, _number: int, _frame: FrameType | None) -> None:
        """The arbiter has not heard of this worker for too long: whatever it is doing gets a
        SystemExit.
        """
        _wasgi.stop()
        sys.exit(1)
