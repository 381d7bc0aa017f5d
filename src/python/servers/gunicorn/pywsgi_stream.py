"""A connection's bytes as gevent's WSGI server has them: the client's socket, a request's body."""

import errno
import io
import string
from typing import Any, Final

import _wasgi
from _wasgi import BROKEN, CLIENTS, DATA, IO, PARK, RAISE

from ...bridge.buffer import SIZE, number, view
from ...threads.waiting import wait

LONGEST: Final = 8192
"""Of a request line, and of what stands around chunks."""

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_HEX: Final = frozenset(string.hexdigits.encode())
_TOKEN: Final = frozenset((string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode())


class InvalidInput(OSError):
    """The body is no HTTP."""


class Socket(io.RawIOBase):
    """The client's connection."""

    def __init__(self, id: int, address: tuple[str, int], own_address: tuple[str, int]) -> None:
        self._id = id
        self._key = CLIENTS | id
        self._address, self._own_address = address, own_address
        self._rest = memoryview(b"")
        self._open = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """At least one byte, or none at the end."""
        if not self._rest:
            if not self._open:
                return 0
            while (reply := _wasgi.receive_raw(self._id)) == PARK:
                wait(IO, self._key)
            if reply == RAISE:
                raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
            if reply == DATA:
                self._rest = memoryview(bytes(view[: number[0]]))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def recv(self, size: int) -> bytes:
        """At least one byte, or none at the end."""
        return self.read(size) or b""

    def sendall(self, data: Any) -> None:
        """Waits until the client has taken it."""
        data = memoryview(data)
        for start in range(0, len(data), SIZE):
            part = data[start : start + SIZE]
            view[: len(part)] = part
            reply = _wasgi.send_raw(self._id, len(part)) if self._open else BROKEN
            while reply == PARK:
                wait(IO, self._key)
                reply = _wasgi.flushed(self._id)
            if reply == BROKEN:
                raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def send(self, data: Any) -> int:
        """All of it."""
        self.sendall(data)
        return len(data)

    def getpeername(self) -> tuple[str, int]:
        """The client's address."""
        return self._address

    def getsockname(self) -> tuple[str, int]:
        """The server's."""
        return self._own_address

    def fileno(self) -> int:
        """A number, which is no file's."""
        return self._id

    def end(self) -> None:
        """Nothing more is read or written."""
        self._open = False

    def __repr__(self) -> str:
        return (
            f"<gevent._socket3.socket at {id(self):#x} object, fd={self._id}, family=2, type=1,"
            " proto=6>"
        )


class Input:
    """``wsgi.input``."""

    def __init__(
        self,
        reader: io.BufferedReader[Socket],
        length: int | None,
        chunked: bool,
        client: Socket | None,
    ) -> None:
        self.rfile = reader
        self.content_length = length
        self.chunked_input = chunked
        self.position = 0
        self.chunk_length = -1
        self._expected = client
        self._broken = False

    def discard(self) -> None:
        """Reads what the app has left."""
        if not self._broken and (self.chunked_input or self.position < (self.content_length or 0)):
            self._expected = None
            while self.read(16384):
                pass

    def read(self, length: int | None = None) -> bytes:
        """So many bytes, or all."""
        return self._read(length, False)

    def readline(self, size: int | None = None) -> bytes:
        """A line."""
        return self._read(size, True)

    def readlines(self, hint: Any = None) -> list[bytes]:
        """All lines."""
        return list(self)

    def __iter__(self) -> Input:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration

    def _read(self, length: int | None, line: bool) -> bytes:
        if length is not None and length < 0:
            length = None
        if not self.chunked_input and self.content_length is None:
            return b""
        if self._expected is not None:
            self._expected.sendall(_CONTINUE)
            self._expected = None
        return (self._read_chunked if self.chunked_input else self._read_plain)(length, line)

    def _read_plain(self, length: int | None, line: bool) -> bytes:
        left = (self.content_length or 0) - self.position
        length = left if length is None else min(length, left)
        if not length:
            return b""
        data = self.rfile.readline(length) if line else self.rfile.read(length)
        self.position += len(data)
        if len(data) < length and not (line and data.endswith(b"\n")):
            raise OSError(
                f"unexpected end of file while reading request at position {self.position}"
            )
        return data

    def _read_chunked(self, length: int | None, line: bool) -> bytes:
        if length == 0:
            return b""
        parts = []
        while self.chunk_length:
            most = self.chunk_length - self.position
            if most <= 0:
                self.chunk_length = self._chunk_size()
                self.position = 0
                continue
            most = most if length is None else min(most, length)
            data = self.rfile.readline(most) if line else self.rfile.read(most)
            if not data:
                self.chunk_length = 0
                self._broken = True
                raise OSError("unexpected end of file while parsing chunked data")
            parts.append(data)
            self.position += len(data)
            if self.position == self.chunk_length:
                self._line_end()
            if length is not None:
                length -= len(data)
                if not length:
                    break
            if line and data.endswith(b"\n"):
                break
        return b"".join(parts)

    def _invalid(self, *what: object) -> InvalidInput:
        self._broken = True
        return InvalidInput(*what)

    def _chunk_size(self) -> int:
        digits = b""
        while (char := self.rfile.read(1)) not in (b"\r", b";"):
            if not char:
                raise self._invalid("EOF before chunk end reached")
            if char[0] not in _HEX:
                raise self._invalid("Non-hex data", char)
            digits += char
            if len(digits) > 16:
                raise self._invalid("Chunk-size too large.")
        if char == b";":
            for _ in range(LONGEST):
                if self.rfile.read(1) == b"\r":
                    break
            else:
                raise self._invalid("Too large chunk extension")
        self._line_end(begun=True)
        size = int(digits, 16)
        if not size:
            while self._trailer():
                pass
        return size

    def _trailer(self) -> bool:
        name_ended = False
        for index in range(LONGEST):
            char = self.rfile.read(1)
            if char == b"\r":
                self._line_end(begun=True)
                return index > 0
            if char == b":" and index:
                name_ended = True
            if not name_ended and (not char or char[0] not in _TOKEN):
                raise InvalidInput(f"Invalid token character: {char!r}")
        raise self._invalid("Too large chunk trailer")

    def _line_end(self, begun: bool = False) -> None:
        for wanted, name in ((b"\r", "CRLF"), (b"\n", "LF"))[begun:]:
            if (char := self.rfile.read(1)) != wanted:
                raise self._invalid(f"Line didn't end in {name}: {char!r}")
