"""A request's way through a WSGI app (PEP 3333).

Rust parses, frames and encodes; here are only the callables that the app sees.
"""

import io
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final

import _wasgi
from _wasgi import (
    ANY_EXCEPTION,
    BASE_EXCEPTION,
    BODY_TIMED_OUT,
    BROKEN,
    DATA,
    DONE,
    END,
    IO,
    NO_MORE_DATA,
    OS_ERROR,
    PARK,
    RAISE,
    REJECTED_BODY,
    RERAISE,
    STOP_ITERATION,
    SYSTEM_EXIT,
    UNFINISHED,
)

from ..bridge.buffer import SIZE, number, read_strings, view, write_strings, write_text
from ..bridge.exceptions import CutShortBody, RejectedBody, raised
from ..bridge.tracebacks import traceback_of
from ..threads.waiting import wait

type ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
type App = Callable[[dict[str, Any], Callable[..., Callable[[bytes], None]]], Iterable[bytes]]

_read_body = _wasgi.read_body
_start_response = _wasgi.start_response
_write = _wasgi.write
_write_part = _wasgi.write_part
_write_last = _wasgi.write_last
_flushed = _wasgi.flushed
_finish = _wasgi.finish
_finish_part = _wasgi.finish_part
_raised = _wasgi.raised_wsgi

STEP: Final = 1024
"""Bytes of a request's body that gunicorn waits for at once."""


class FileWrapper:
    """``wsgi.file_wrapper``: a file as an iterable of blocks."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration


def body_error(reply: int) -> Exception:
    """What is raised where the rest of a body cannot be had."""
    if reply == RAISE:
        return raised()
    return OSError("timeout" if reply == BODY_TIMED_OUT else "error")


class Body(io.RawIOBase):
    """The request body as the connection brings it; reading waits for the client."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """At least one byte, or none at the end of the body."""
        wanted = min(len(buffer), SIZE)
        if not wanted:
            return 0
        cycle = self._cycle
        while (reply := _read_body(cycle.id, wanted)) == PARK:
            wait(IO, cycle.key)
        if reply == END:
            return 0
        if reply != DATA:
            raise self._error(reply)
        count = number[0]
        buffer[:count] = view[:count]
        return count

    def _error(self, reply: int) -> Exception:
        return body_error(reply)


class _SteppedBody(Body):
    """As gunicorn reads it: 1 KiB at least, or all that is left, whatever the app asks for."""

    def readinto(self, buffer: Any) -> int:
        rest = memoryview(buffer)
        count = 0
        while count < min(STEP, len(rest)) and (more := super().readinto(rest[count:])):
            count += more
        return count


class _Input(io.BufferedReader):
    """``wsgi.input``."""

    def __init__(self, cycle: Cycle) -> None:
        super().__init__(_SteppedBody(cycle))


silent_exits: tuple[type[BaseException], ...] = (SystemExit,)
"""What ends a request without an answer where threads are green."""


class Cycle:
    """A request that an app has, and its response."""

    __slots__ = ("id", "key")

    def __init__(self, id: int, key: int) -> None:
        self.id = id
        """Its connection's number in the worker."""
        self.key = key
        """What its thread waits for when it waits for the client."""

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333, "The start_response() Callable"."""
        try:
            fields = [status]
            for name, value in headers:
                if not isinstance(name, str):
                    raise TypeError(f"{name!r} is not a string")
                if not isinstance(value, str):
                    raise TypeError(f"{value!r} is not a string")
                fields.append(name)
                fields.append(value)
            reply = _start_response(self.id, write_strings(fields), exc_info is not None)
            if reply == DONE:
                return self.write
            if reply == RERAISE and exc_info is not None:
                raise exc_info[1].with_traceback(exc_info[2])
            raise raised()
        finally:
            exc_info = None

    def write(self, data: bytes) -> None:
        """PEP 3333, "The write() Callable"."""
        self._write(data, _write)

    def _write(self, data: bytes, write: Callable[[int, int], int]) -> None:
        if not isinstance(data, bytes):
            # gunicorn sends the head before it looks.
            self._until_taken(write(self.id, 0))
            raise TypeError(f"{data!r} is not a byte")
        length = len(data)
        if length <= SIZE:
            view[:length] = data
            self._until_taken(write(self.id, length))
            return
        for start in range(0, length, SIZE):
            part = data[start : start + SIZE]
            view[: len(part)] = part
            self._until_taken(write(self.id, len(part)))

    def _answer(self, data: bytes) -> None:
        """Sends the one block of a response."""
        length = len(data)
        view[:length] = data
        reply = _write_last(self.id, length)
        if reply == UNFINISHED:
            self._until_taken(PARK)
            reply = _finish_part(self.id)
        self._until_taken(reply)

    def _until_taken(self, reply: int) -> None:
        """Waits until the client has taken what was written; raises what the app is to see."""
        while reply == PARK:
            wait(IO, self.key)
            reply = _flushed(self.id)
        if reply == BROKEN:
            raise BrokenPipeError(32, "Broken pipe")
        if reply == RAISE:
            raise raised()

    def environ(self, base: dict[str, Any], has_body: bool) -> dict[str, Any]:
        """The request that Rust has just put, on top of what all requests share."""
        strings = iter(read_strings())
        environ = base | dict(zip(strings, strings))
        environ["wsgi.input"] = _Input(self) if has_body else io.BytesIO()
        return environ

    def run(self, app: App, environ: dict[str, Any]) -> None:
        """Calls the app and sends what it returns. Raises what the server lets end the worker."""
        iterating = False
        try:
            iterable = app(environ, self.start_response)
            iterating = True
            if type(iterable) is list:
                # Nothing of the app's runs between two blocks of a list: they may leave in one
                # message.
                if len(iterable) == 1 and type(iterable[0]) is bytes and len(iterable[0]) <= SIZE:
                    self._answer(iterable[0])
                    return
                for chunk in iterable:
                    self._write(chunk, _write_part)
                self._until_taken(_finish_part(self.id))
                return
            try:
                for chunk in iterable:
                    self._write(chunk, _write)
                self._until_taken(_finish(self.id))
            finally:
                close = getattr(iterable, "close", None)
                if close is not None:
                    close()
        except BaseException as error:
            errno = error.errno if isinstance(error, OSError) else None
            if not isinstance(errno, int):
                errno = None
            length = write_text(traceback_of(error))
            if _raised(self.id, length, _cause(error), errno, iterating):
                raise


def base_environ() -> dict[str, Any]:
    """The part of the environ that all requests of this worker share."""
    objects: dict[str, Any] = {
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.file_wrapper": FileWrapper,
    }
    _wasgi.base_environ()
    strings = iter(read_strings())
    base: dict[str, Any] = {}
    for key, value in zip(strings, strings):
        match value[0]:
            case "s":
                base[key] = value[1:]
            case "o":
                base[key] = objects[key]
            case flag:
                base[key] = flag == "t"
    return base


def _cause(error: BaseException) -> int:
    """See `Cause` in src/browser/process/wsgi.rs."""
    match error:
        case StopIteration():
            return STOP_ITERATION
        case RejectedBody():
            return REJECTED_BODY
        case CutShortBody():
            return NO_MORE_DATA
        case OSError(errno=None) | OSError(errno=int()):
            return OS_ERROR
        case Exception():
            return ANY_EXCEPTION
    return SYSTEM_EXIT if isinstance(error, silent_exits) else BASE_EXCEPTION
