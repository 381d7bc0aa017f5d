"""uWSGI's ``wsgi.input``: an object in C with seven methods, which reads what it is asked for and
no more. ``read(0)`` is ``read()``, and ``readline()`` takes no notice of a size.
"""

from operator import index
from typing import Any, Final, Self

import _wasgi
from _wasgi import BODY_TIMED_OUT, DATA, IO, PARK

from ...bridge.buffer import SIZE, number, view
from ...threads.waiting import wait
from ...wsgi.cycle import Cycle
from .log import Answer, say

_LINE_BUFFER: Final = 4096
"""Bytes that a line is looked for in at a time (``--buffer-size``)."""


class _Lost(Exception):
    """The body does not come."""

    def __init__(self, wanted: int, is_late: bool) -> None:
        super().__init__()
        self.wanted = wanted
        self.is_late = is_late


def _size(arguments: tuple[Any, ...], name: str) -> int:
    if len(arguments) > 1:
        raise TypeError(f"{name}() takes at most 1 argument ({len(arguments)} given)")
    return index(arguments[0]) if arguments else 0


class Input:
    """``wsgi.input``"""

    def __init__(self, cycle: Cycle, answer: Answer, length: int, body: bytes | None) -> None:
        self._cycle = cycle
        self._answer = answer
        self._length = length
        self._body = body
        """The whole, where it was read before the app was called."""
        self._position = 0
        """Bytes that have come from the client."""
        self._line = b""
        """Bytes behind the last line."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if line := self._read_line(0):
            return line
        raise StopIteration

    def read(self, *arguments: Any) -> bytes:
        asked = _size(arguments, "read")
        wanted = self._length if asked <= 0 else asked
        data, self._line = self._line[:wanted], self._line[wanted:]
        parts = [data]
        left = min(wanted - len(data), self._length - self._position)
        while left > 0:
            try:
                part = self._receive(left)
            except _Lost as lost:
                raise self._error(lost, "read", asked, lost.is_late) from None
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def readline(self, *arguments: Any) -> bytes:
        return self._read_line(_size(arguments, "readline"))

    def readlines(self, *arguments: Any) -> list[bytes]:
        asked = _size(arguments, "readline")
        lines = []
        while line := self._read_line(asked):
            lines.append(line)
        return lines

    def close(self, *_: Any) -> None:
        pass

    def seek(self, *arguments: Any) -> None:
        if self._body is None:
            raise OSError("seeking wsgi.input without post_buffering is IMPOSSIBLE !!!")
        if not 1 <= len(arguments) <= 2:
            bound = "at least 1 argument" if not arguments else "at most 2 arguments"
            raise TypeError(f"seek() takes {bound} ({len(arguments)} given)")
        position, whence = index(arguments[0]), index(arguments[1]) if arguments[1:] else 0
        position += {1: self._position, 2: self._length}.get(whence, 0)
        if not 0 <= position <= self._length:
            raise OSError("invalid seek position for wsgi.input")
        self._position = position
        self._line = b""

    def tell(self, *_: Any) -> int:
        return self._position

    def fileno(self, *_: Any) -> int:
        raise OSError("wasgi's connections have no file descriptors")

    def _read_line(self, asked: int) -> bytes:
        while (end := self._line.find(b"\n")) < 0 and (left := self._length - self._position) > 0:
            try:
                self._line += self._receive(min(left, _LINE_BUFFER))
            except _Lost as lost:
                self._answer.read_errors += 1 if lost.is_late else 2
                raise self._error(lost, "readline", asked, False) from None
        cut = end + 1 if end >= 0 else len(self._line)
        line, self._line = self._line[:cut], self._line[cut:]
        return line

    def _receive(self, size: int) -> bytes:
        """At least one byte, of at most so many."""
        if self._body is not None:
            data = self._body[self._position : self._position + size]
            if not data:
                raise _Lost(size, False)
        else:
            cycle = self._cycle
            while (reply := _wasgi.read_body(cycle.id, min(size, SIZE))) == PARK:
                wait(IO, cycle.key)
            if reply != DATA:
                raise _Lost(size, reply == BODY_TIMED_OUT)
            data = bytes(view[: number[0]])
        self._position += len(data)
        return data

    def _error(self, lost: _Lost, call: str, asked: int, says_late: bool) -> OSError:
        what, why = (
            ("Timeout", "") if lost.is_late else ("Error", " message: Client closed connection")
        )
        left = self._length - self._position
        say(
            f"[uwsgi-body-read] {what} reading {lost.wanted} bytes."
            f" Content-Length: {self._length} consumed: {self._position} left: {left}{why}"
        )
        kind = "timeout" if says_late else "error"
        return OSError(f"{kind} during {call}({asked}) on wsgi.input")


# What an app sees of a type in C.
Input.__name__ = Input.__qualname__ = "_Input"
Input.__module__ = "uwsgi"
