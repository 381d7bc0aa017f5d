"""The sync worker's thread: one request at a time through a WSGI app (PEP 3333).

Rust parses, frames and encodes; here are only the callables that the app sees.
"""

import io
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final

import _wasgi

from .crossing import SIZE, put_bytes, put_text, shared, take_strings, take_text, view
from .parking import park
from .traceback_text import traceback_of

type ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]
type App = Callable[[dict[str, Any], Callable[..., Callable[[bytes], None]]], Iterable[bytes]]

_next_request = _wasgi.next_request
_read_body = _wasgi.read_body
_start_response = _wasgi.start_response
_write = _wasgi.write
_flushed = _wasgi.flushed
_finish = _wasgi.finish
_raised = _wasgi.raised_wsgi

PARK: Final = -1
BROKEN: Final = -2


class FileWrapper:
    """``wsgi.file_wrapper``: a file as an iterable of blocks."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> "FileWrapper":
        return self

    def __next__(self) -> bytes:
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration


class _Body(io.RawIOBase):
    """The request body as the connection brings it; reading waits for the client."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """At least one byte, or none at the end of the body."""
        wanted = min(len(buffer), SIZE)
        if not wanted:
            return 0
        while (count := _read_body(wanted)) == PARK:
            park()
        if count < 0:
            raise _error(take_text(BROKEN - count))
        buffer[:count] = view[:count]
        return count


class _Input(io.BufferedReader):
    """``wsgi.input``."""

    def __init__(self) -> None:
        super().__init__(_Body())


_errors: dict[str, type[Exception]] = {}


def _error(text: str) -> Exception:
    """The exception that the real server raises in the app: its type's name, a line end, its message."""
    name, _, message = text.partition("\n")
    builtin = getattr(sys.modules["builtins"], name, None)
    if isinstance(builtin, type) and issubclass(builtin, Exception):
        return builtin(message)
    if name not in _errors:
        _errors[name] = type(name, (Exception,), {"__module__": "gunicorn.http.errors"})
    return _errors[name](message)


def _write_all(data: bytes) -> None:
    if not isinstance(data, bytes):
        raise TypeError(f"{data!r} is not a byte")
    length = len(data)
    if length <= SIZE:
        view[:length] = data
        _send(length)
        return
    for start in range(0, length, SIZE):
        part = data[start : start + SIZE]
        view[: len(part)] = part
        _send(len(part))


def _send(length: int) -> None:
    state = _write(length)
    while state == PARK:
        park()
        state = _flushed()
    if state == BROKEN:
        raise BrokenPipeError(32, "Broken pipe")
    if state > 0:
        raise _error(take_text(state))


def start_response(
    status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
) -> Callable[[bytes], None]:
    """PEP 3333, "The start_response() Callable"."""
    try:
        fields = [status.encode("latin-1")]
        for name, value in headers:
            if not isinstance(name, str):
                raise TypeError(f"{name!r} is not a string")
            if not isinstance(value, str):
                raise TypeError(f"{value!r} is not a string")
            fields.append(name.encode("latin-1"))
            fields.append(value.encode("latin-1"))
        outcome = _start_response(put_bytes(fields), exc_info is not None)
        if outcome == 0:
            return _write_all
        if outcome < 0 and exc_info is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        raise _error(take_text(outcome))
    finally:
        exc_info = None


def _respond(app: App, environ: dict[str, Any]) -> None:
    iterable = app(environ, start_response)
    try:
        for chunk in iterable:
            _write_all(chunk)
        state = _finish()
        while state == PARK:
            park()
            state = _flushed()
    finally:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()


def serve(app: App, base: dict[str, Any]) -> None:
    """Takes requests until the worker is told to leave."""
    base = {**base, "wsgi.errors": sys.stderr, "wsgi.file_wrapper": FileWrapper}
    while True:
        event = _next_request()
        if event == 0:
            park()
            continue
        if event < 0:
            return
        strings = iter(take_strings())
        environ = base | dict(zip(strings, strings))
        environ["wsgi.input"] = _Input() if event == 2 else io.BytesIO()
        try:
            _respond(app, environ)
        except BrokenPipeError:
            _raised(0)
        except Exception as error:
            _raised(put_text(traceback_of(error)))
        except SystemExit as error:
            _raised(put_text(traceback_of(error)))
            raise
        del environ
