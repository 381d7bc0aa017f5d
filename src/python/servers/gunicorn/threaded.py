"""What signals do to a gunicorn worker of many threads (gthread, gevent)."""

import sys
from signal import SIGABRT, SIGINT, SIGQUIT, SIGTERM, signal
from types import FrameType
from typing import Final

import _wasgi

PARK: Final = -1


def patience(event: int) -> float:
    """For how many seconds a thread waits, as `_take` says it; negative: for ever."""
    return -1.0 if event == PARK else (-2 - event) / 1000


class Signalled:
    """A worker whose main thread hears signals."""

    def hear_signals(self) -> None:
        """Sets the handlers; a signal that came before them comes again."""
        for number, handler in (
            (SIGQUIT, self.handle_quit),
            (SIGTERM, self.handle_exit),
            (SIGINT, self.handle_quit),
            (SIGABRT, self.handle_abort),
        ):
            signal(number, handler)
        if early := _wasgi.early_signal():
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
