"""Exceptions that Rust raises in the app (``src/gateway/exception.rs``)."""

from collections.abc import Callable
from typing import Any, Final

from .buffer import read_bytes

_classes: Final[dict[str, type[Exception]]] = {
    kind.__name__: kind
    for kind in (
        AssertionError,
        AttributeError,
        ConnectionResetError,
        KeyError,
        RuntimeError,
        ValueError,
    )
}
"""Classes by the names that Rust has for them, with their modules but where they are built in."""

_VALUES: Final[dict[bytes, Callable[[bytes], Any]]] = {
    b"str": bytes.decode,
    b"bytes": bytes,
    b"int": int,
}
"""Makes a value of what has crossed, by its type."""


class ServersError(Exception):
    """An exception that shows a message of its own, whatever it is made of."""

    message = ""

    def __str__(self) -> str:
        return self.message


class RejectedBody(ServersError):
    """The body turned out to be no HTTP: gunicorn answers the request with an error page unless the
    app catches it.
    """


def _define(path: str, *bases: type[Exception]) -> type[Exception]:
    """A class of a module that is not imported."""
    module, _, name = path.rpartition(".")
    kind = _classes[path] = type(name, bases, {"__module__": module})
    return kind


NoMoreData: Final = _define("gunicorn.http.errors.NoMoreData", ServersError, OSError)
"""The client ended the connection inside the body."""
_define("gunicorn.http.errors.ChunkMissingTerminator", RejectedBody)
_define("gunicorn.http.errors.InvalidChunkExtension", RejectedBody)
_define("gunicorn.http.errors.InvalidChunkSize", RejectedBody)
_define("gunicorn.http.errors.InvalidHeader", RejectedBody)
_define("gunicorn.http.errors.InvalidHeaderName", RejectedBody)
_define("gunicorn.http.errors.LimitRequestHeaders", RejectedBody)
_define("gunicorn.http.errors.ObsoleteFolding", RejectedBody)
_define("gunicorn.http.errors.InvalidResponseHeader", ServersError)
_define("gunicorn.http.errors.InvalidResponseHeaderName", ServersError)

ClientDisconnected: Final = _define("uvicorn.protocols.utils.ClientDisconnected", OSError)

_exception = _define("websockets.exceptions.WebSocketException", Exception)
_define("websockets.exceptions.ProtocolError", _exception)
_handshake = _define("websockets.exceptions.InvalidHandshake", _exception)
_header = _define("websockets.exceptions.InvalidHeader", _handshake)
_define("websockets.exceptions.InvalidHeaderValue", _header)


def raised() -> Exception:
    """The exception that is in the buffer: its class, its message, and the type and value of each
    of its arguments.
    """
    path, message, *arguments = read_bytes()
    rest = iter(arguments)
    error = _classes[path.decode()](*(_VALUES[kind](value) for kind, value in zip(rest, rest)))
    if isinstance(error, ServersError):
        error.message = message.decode()
    return error
