"""A request's way through a WSGI app (PEP 3333).

Rust parses, frames and encodes; here are only the callables that the app sees.
"""

import os
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

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

from ..bridge.buffer import (
    SIZE,
    number,
    read_strings,
    view,
    write_strings,
    write_text,
    write_texts,
)
from ..bridge.exceptions import CutShortBody, RejectedBody, raised
from ..bridge.tracebacks import traceback_of
from ..threads.waiting import wait
from . import access
from .gunicorn_objects import (
    Body,
    ConnectionSocket,
    FileWrapper,
    Reader,
    WSGIErrorsWrapper,
    early_hints,
)

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


def body_error(reply: int) -> Exception:
    """What is raised where the rest of a body cannot be had."""
    if reply == RAISE:
        return raised()
    return OSError("timeout" if reply == BODY_TIMED_OUT else "error")


watch: access.Watch | None = None
"""What the access log shows of an environ, if there is one."""
sends_files = True
"""Whether files are sent as the kernel does (gunicorn without ``--no-sendfile``)."""
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
        id, key = self.id, self.key
        environ["wsgi.input"] = Body(Reader(id, key, body_error) if has_body else None)
        environ["gunicorn.socket"] = ConnectionSocket(
            id,
            key,
            (
                environ["SERVER_NAME"],
                environ["SERVER_PORT"],
                environ["REMOTE_ADDR"],
                environ["REMOTE_PORT"],
            ),
        )
        environ["wsgi.early_hints"] = early_hints(id)
        return environ

    def _write_file(self, wrapper: Any) -> bool:
        """Sends a file as the kernel does, if it is one: from where it stands, in one piece."""
        file = wrapper.filelike
        try:
            descriptor = file.fileno()
            offset = os.lseek(descriptor, 0, os.SEEK_CUR)
            left = os.fstat(descriptor).st_size - offset
        except AttributeError, OSError:
            return False
        reply = _wasgi.begin_file(self.id, left)
        if reply == DATA:
            end = offset + number[0]
            at = offset
            while at < end and (block := os.pread(descriptor, min(SIZE, end - at), at)):
                view[: len(block)] = block
                self._until_taken(_wasgi.send_raw(self.id, len(block)))
                at += len(block)
            _wasgi.end_file(self.id)
            os.lseek(descriptor, offset, os.SEEK_SET)
        elif reply != END:
            raise raised()
        return True

    def _tell_changes(self, environ: dict[str, Any], before: list[Any]) -> None:
        """Tells what of the environ the access log is to show, now that it is written."""
        if watch is not None and (changes := watch.changes(environ, before)):
            _wasgi.set_changed(self.id, write_texts(changes))

    def run(self, app: App, environ: dict[str, Any]) -> None:
        """Calls the app and sends what it returns. Raises what the server lets end the worker."""
        iterating = False
        before = watch.look(environ) if watch is not None else []
        try:
            iterable = app(environ, self.start_response)
            iterating = True
            if type(iterable) is list:
                self._tell_changes(environ, before)
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
                wrapper = environ.get("wsgi.file_wrapper")
                is_file = isinstance(wrapper, type) and isinstance(iterable, wrapper)
                if not (is_file and sends_files and self._write_file(iterable)):
                    for chunk in iterable:
                        self._write(chunk, _write)
                self._tell_changes(environ, before)
                self._until_taken(_finish(self.id))
            except BaseException:
                self._tell_changes(environ, before)
                _wasgi.before_close(self.id)
                raise
            finally:
                close = getattr(iterable, "close", None)
                if close is not None:
                    close()
        except BaseException as error:
            if not iterating:
                self._tell_changes(environ, before)
            errno = error.errno if isinstance(error, OSError) else None
            if not isinstance(errno, int):
                errno = None
            length = write_text(traceback_of(error))
            if _raised(self.id, length, _cause(error), errno, iterating):
                raise


def gunicorn_environ() -> dict[str, Any]:
    """The same for gunicorn, with places for what each request has of its own."""
    base = base_environ(WSGIErrorsWrapper())
    return base | {"wsgi.input": None, "gunicorn.socket": None}


def base_environ(errors: Any) -> dict[str, Any]:
    """The part of the environ that all requests of this worker share."""
    objects: dict[str, Any] = {
        "wsgi.errors": errors,
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
