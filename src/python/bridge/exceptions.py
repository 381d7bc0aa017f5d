"""Exceptions that Rust raises in the app (``src/gateway/exception.rs``)."""

import struct
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
        TypeError,
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


class CutShortBody(ServersError, OSError):
    """The client ended the connection inside the body."""


class ClientDisconnected(OSError):
    """uvicorn's: the client is gone."""

    __module__ = "uvicorn.protocols.utils"


class _Disconnected(OSError):
    """gunicorn's: the client is gone."""

    __module__ = "gunicorn.asgi.protocol"


_Disconnected.__name__ = _Disconnected.__qualname__ = "ClientDisconnected"


class WebSocketDisconnected(_Disconnected, RuntimeError):
    """gunicorn's: the connection is closed."""

    __module__ = "gunicorn.asgi.websocket"


CLIENT_GONE: Final = (ClientDisconnected, WebSocketDisconnected)
"""What tells an app that its client is gone, and is no error where the app lets it through."""

_classes["uvicorn.protocols.utils.ClientDisconnected"] = ClientDisconnected
_classes["gunicorn.asgi.websocket.WebSocketDisconnected"] = WebSocketDisconnected
_classes["struct.error"] = struct.error

_BASES: Final[dict[str, type[Exception] | str]] = {
    "autobahn.exception.Disconnected": RuntimeError,
    "autobahn.exception.PayloadExceededError": RuntimeError,
    "gunicorn.http.errors.ChunkMissingTerminator": RejectedBody,
    "gunicorn.http.errors.InvalidChunkExtension": RejectedBody,
    "gunicorn.http.errors.InvalidChunkSize": RejectedBody,
    "gunicorn.http.errors.InvalidHeader": RejectedBody,
    "gunicorn.http.errors.InvalidHeaderName": RejectedBody,
    "gunicorn.http.errors.InvalidResponseHeader": ServersError,
    "gunicorn.http.errors.InvalidResponseHeaderName": ServersError,
    "gunicorn.http.errors.LimitRequestHeaders": RejectedBody,
    "gunicorn.http.errors.NoMoreData": CutShortBody,
    "gunicorn.http.errors.ObsoleteFolding": RejectedBody,
    "h11._util.LocalProtocolError": "h11._util.ProtocolError",
    "h11._util.ProtocolError": Exception,
    "websockets.exceptions.InvalidHandshake": "websockets.exceptions.WebSocketException",
    "websockets.exceptions.InvalidHeader": "websockets.exceptions.InvalidHandshake",
    "websockets.exceptions.InvalidHeaderValue": "websockets.exceptions.InvalidHeader",
    "websockets.exceptions.ProtocolError": "websockets.exceptions.WebSocketException",
    "websockets.exceptions.WebSocketException": Exception,
    "wsproto.utilities.LocalProtocolError": "wsproto.utilities.ProtocolError",
    "wsproto.utilities.ProtocolError": Exception,
}
"""The bases of classes that are made when they are first raised: their modules are not imported."""


def _class(path: str) -> type[Exception]:
    kind = _classes.get(path)
    if kind is None:
        base = _BASES[path]
        module, _, name = path.rpartition(".")
        bases = (_class(base) if isinstance(base, str) else base,)
        kind = _classes[path] = type(name, bases, {"__module__": module})
    return kind


def _response_error(name: str, header: str) -> Exception:
    error = _class(f"gunicorn.http.errors.{name}")(repr(header))
    assert isinstance(error, ServersError)
    error.message = f"{_RESPONSE_ERRORS[name]}: {header!r}"
    return error


_RESPONSE_ERRORS: Final = {
    "InvalidResponseHeader": "Invalid response header from the application",
    "InvalidResponseHeaderName": "Invalid response header name from the application",
}


def invalid_header(name: str) -> Exception:
    """gunicorn's, of a value that no header field can have."""
    return _response_error("InvalidResponseHeader", name)


def invalid_header_name(name: str) -> Exception:
    """gunicorn's, of what is no name of a header field."""
    return _response_error("InvalidResponseHeaderName", name)


def raised() -> Exception:
    """The exception that is in the buffer: its class, its message, and the type and value of each
    of its arguments.
    """
    path, message, *arguments = read_bytes()
    rest = iter(arguments)
    error = _class(path.decode())(*(_VALUES[kind](value) for kind, value in zip(rest, rest)))
    if isinstance(error, ServersError):
        error.message = message.decode()
    return error
