"""What gunicorn puts into an environ besides strings: an app may look at all of it."""

import io
import re
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

import _wasgi
from _wasgi import BROKEN, DATA, DONE, END, IO, PARK

from ..bridge.buffer import SIZE, number, view
from ..bridge.exceptions import invalid_header, invalid_header_name
from ..threads.waiting import wait

_read_body = _wasgi.read_body

_LEAST_STEP: Final = 1024
"""Bytes of a body that are waited for at once, whatever the app asks for."""
_LARGEST_STEP: Final = 1024 * 1024
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-zA-Z]+")
_VALUE: Final = re.compile(r"[ \t\x21-\x7e\x80-\xff]*")


class FileWrapper:
    """``wsgi.file_wrapper``: a file as an iterable of blocks."""

    __module__ = "gunicorn.http.wsgi"

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __getitem__(self, key: Any) -> bytes:
        data: bytes = self.filelike.read(self.blksize)
        if data:
            return data
        raise IndexError

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        data: bytes = self.filelike.read(self.blksize)
        if data:
            return data
        raise StopIteration


class WSGIErrorsWrapper(io.RawIOBase):
    """``wsgi.errors``"""

    __module__ = "gunicorn.http.wsgi"

    def __init__(self) -> None:
        self.streams = [sys.stderr]

    def write(self, data: Any) -> None:
        for stream in self.streams:
            stream.write(data)
            stream.flush()


class Body:
    """``wsgi.input``"""

    __module__ = "gunicorn.http.body"

    def __init__(self, receive: Callable[[int], bytes] | None) -> None:
        self._receive = receive
        self._buffer = b""
        self.failed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration

    next = __next__

    def getsize(self, size: Any) -> int:
        if size is None:
            return sys.maxsize
        if not isinstance(size, int):
            raise TypeError("size must be an integral type")
        return sys.maxsize if size < 0 else size

    def _more(self, size: int) -> bytes:
        if self._receive is None:
            return b""
        try:
            return self._receive(size)
        except Exception:
            self.failed = True
            raise

    def read(self, size: Any = None) -> bytes:
        size = self.getsize(size)
        if size == 0:
            return b""
        parts = [self._buffer]
        missing = size - len(self._buffer)
        self._buffer = b""
        while missing > 0 and (data := self._more(min(max(_LEAST_STEP, missing), _LARGEST_STEP))):
            parts.append(data)
            missing -= len(data)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if missing < 0:
            self._buffer = data[size:]
            data = data[:size]
        return data

    def readline(self, size: Any = None) -> bytes:
        size = self.getsize(size)
        if size == 0:
            return b""
        parts = []
        data, self._buffer = self._buffer, b""
        while True:
            end = data.find(b"\n", 0, size) + 1 or (size if len(data) >= size else 0)
            if end:
                parts.append(data[:end])
                self._buffer = data[end:]
                break
            parts.append(data)
            size -= len(data)
            if not (data := self._more(min(_LEAST_STEP, size))):
                break
        return b"".join(parts)

    def readlines(self, size: Any = None) -> list[bytes]:
        *lines, last = self.read().split(b"\n")
        return [line + b"\n" for line in lines] + ([last] if last else [])


class Reader:
    """What a body is received with, for one connection."""

    __slots__ = ("_error", "_id", "_key")

    def __init__(self, id: int, key: int, error: Callable[[int], Exception]) -> None:
        self._id = id
        self._key = key
        self._error = error

    def __call__(self, size: int) -> bytes:
        """So many bytes, or all that is left of the body."""
        parts = []
        while size > 0:
            while (reply := _read_body(self._id, min(size, SIZE))) == PARK:
                wait(IO, self._key)
            if reply == END:
                break
            if reply != DATA:
                raise self._error(reply)
            parts.append(bytes(view[: number[0]]))
            size -= len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)


class ConnectionSocket(socket.socket):
    """``gunicorn.socket``: the client's socket, as far as there is one. What is sent on it goes out
    as it is.
    """

    __module__ = "socket"

    def __init__(self, id: int, key: int, addresses: tuple[str, str, str, str]) -> None:
        # No socket of the system's is behind it.
        self._id = id
        self._key = key
        self._addresses = addresses

    def __repr__(self) -> str:
        return (
            f"<socket.socket fd={self._id + 8}, family=2, type=1, proto=0,"
            f" laddr={self.getsockname()}, raddr={self.getpeername()}>"
        )

    def getsockname(self) -> tuple[str, int]:
        host, port, _, _ = self._addresses
        return host, int(port)

    def getpeername(self) -> tuple[str, int]:
        _, _, host, port = self._addresses
        return host, int(port)

    def fileno(self) -> int:
        return self._id + 8

    def close(self) -> None:
        # The server closes it.
        pass

    def send(self, data: Any, flags: int = 0, /) -> int:
        self.sendall(data)
        return len(data)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        block = memoryview(data).cast("B")
        for start in range(0, len(block), SIZE):
            part = block[start : start + SIZE]
            view[: len(part)] = part
            reply = _wasgi.send_raw(self._id, len(part))
            while reply == PARK:
                wait(IO, self._key)
                reply = _wasgi.flushed(self._id)
            if reply == BROKEN:
                raise BrokenPipeError(32, "Broken pipe")


# What an app sees of it.
ConnectionSocket.__name__ = ConnectionSocket.__qualname__ = "socket"


def _make_early_hints_callback(id: int) -> Callable[[Iterable[tuple[Any, Any]]], None]:
    def send_early_hints(headers: Iterable[tuple[Any, Any]]) -> None:
        """Send 103 Early Hints response."""
        if _wasgi.early_hints(id, 0) != DONE:
            # The response has begun, or the client knows of no such hints.
            return
        lines = ["HTTP/1.1 103 Early Hints\r\n"]
        for name, value in headers:
            if isinstance(name, bytes):
                name = name.decode("latin-1")
            if isinstance(value, bytes):
                value = value.decode("latin-1")
            if not _TOKEN.fullmatch(name):
                raise invalid_header_name(name)
            if not _VALUE.fullmatch(value):
                raise invalid_header(name)
            lines.append(f"{name}: {value.strip(' \t')}\r\n")
        block = "".join([*lines, "\r\n"]).encode("latin-1")
        view[: len(block)] = block
        _wasgi.early_hints(id, len(block))

    return send_early_hints


early_hints: Final = _make_early_hints_callback
