"""What autobahn makes of a handshake request: checks in its order and its words."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlparse, urlsplit

VERSIONS: Final = (8, 13)
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DEFLATE: Final = "permessage-deflate"
"""The extension whose offers are read, though none is accepted."""

_BASE64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_WINDOWS: Final = range(9, 16)

type Extension = tuple[str, dict[str, list[str | bool]]]


class Denied(Exception):
    """The handshake is refused: by this reason and status."""

    def __init__(self, reason: str, status: int = 400, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.field = field

    def response(self) -> bytes:
        """The whole response."""
        return f"HTTP/1.1 {self.status} {self.reason}\r\n{self.field}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request that may become a WebSocket."""

    path: str
    key: str
    headers: dict[str, str]
    """Fields by their names in lower case; those of one name are joined."""
    protocols: list[str]
    """The subprotocols that the client offers."""
    extensions: list[Extension]


def read(method: bytes, target: bytes, fields: dict[bytes, list[bytes]]) -> Handshake:
    """The handshake of a request; raises Denied."""
    headers = {
        name.decode("latin-1"): b",".join(values).decode("latin-1").strip()
        for name, values in fields.items()
    }
    uri = target.decode("latin-1")
    if method != b"GET":
        raise Denied(f'HTTP method "{method.decode("latin-1")}" not allowed', 405)
    path = _path(uri)
    _check_host(headers)
    _check_options(headers)
    version = _version(headers)
    protocols = _protocols(headers)
    _check_origin(headers.get("origin" if version == 13 else "sec-websocket-origin"))
    return Handshake(path, _key(headers), headers, protocols, _extensions(headers))


def answer(handshake: Handshake, protocol: str | None, server: str | None) -> bytes:
    """The response that opens the connection; raises Denied for offers that are no offers."""
    for name, parameters in handshake.extensions:
        if name == DEFLATE:
            _check_offer(parameters)
    digest = b64encode(hashlib.sha1(handshake.key.encode() + GUID).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        f"Server: {server}" if server else "",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Protocol: {protocol}" if protocol is not None else "",
        f"Sec-WebSocket-Accept: {digest}",
    ]
    return "".join(f"{line}\r\n" for line in [*filter(None, lines), ""]).encode()


def _path(uri: str) -> str:
    try:
        parts = urlparse(uri)
    except ValueError:
        raise Denied(f'Bad HTTP request resource - could not parse "{uri}"') from None
    if parts.fragment:
        raise Denied(f'HTTP requested resource contains a fragment identifier "{parts.fragment}"')
    return parts.path


def _check_host(headers: dict[str, str]) -> None:
    host = headers.get("host")
    if host is None:
        raise Denied("HTTP Host header missing in opening handshake request")
    if ":" in host and not host.endswith("]"):
        port = host.rpartition(":")[2].strip()
        try:
            int(port)
        except ValueError:
            raise Denied(f'invalid port "{port}" in HTTP Host header "{host}"') from None


def _check_options(headers: dict[str, str]) -> None:
    protocols = headers["upgrade"]
    if "websocket" not in _words(protocols):
        raise Denied(
            'HTTP Upgrade headers do not include "websocket" value (case-insensitive):'
            f' "{protocols}"'
        )
    options = headers.get("connection")
    if options is None:
        raise Denied("HTTP Connection header missing")
    if "upgrade" not in _words(options):
        raise Denied(
            'HTTP Connection headers do not include "upgrade" value (case-insensitive):'
            f' "{options}"'
        )


def _words(field: str) -> list[str]:
    return [word.strip().lower() for word in field.split(",")]


def _version(headers: dict[str, str]) -> int:
    field = headers.get("sec-websocket-version")
    if field is None:
        raise Denied("WebSocket connection denied - Hixie76 protocol not supported.")
    try:
        version = int(field)
    except ValueError:
        raise Denied(
            f'could not parse HTTP Sec-WebSocket-Version header "{field}" in opening handshake'
            " request"
        ) from None
    if version not in VERSIONS:
        known = ",".join(map(str, sorted(VERSIONS, reverse=True)))
        raise Denied(
            f"WebSocket version {version} not supported (supported versions: {known})",
            field=f"Sec-WebSocket-Version: {known}\r\n",
        )
    return version


def _protocols(headers: dict[str, str]) -> list[str]:
    field = headers.get("sec-websocket-protocol")
    protocols: list[str] = []
    for name in field.split(",") if field is not None else ():
        if (name := name.strip()) in protocols:
            raise Denied(
                f'duplicate protocol "{name}" specified in HTTP Sec-WebSocket-Protocol header'
            )
        protocols.append(name)
    return protocols


def _check_origin(origin: str | None) -> None:
    if origin is None or origin.lower() == "null":
        return
    try:
        parts = urlsplit(origin)
        if parts.scheme.lower() == "file":
            return
        _ = parts.port
        if not parts.hostname:
            raise ValueError(f"No host part in Origin '{origin}'")
    except ValueError as error:
        raise Denied(f"HTTP Origin header invalid: {error}") from None


def _key(headers: dict[str, str]) -> str:
    key = headers.get("sec-websocket-key")
    if key is None:
        raise Denied("HTTP Sec-WebSocket-Key header missing")
    if len(key) != 24:
        raise Denied(f'bad Sec-WebSocket-Key (length must be 24 ASCII chars) "{key}"')
    if not key.endswith("=="):
        raise Denied(f'bad Sec-WebSocket-Key (invalid base64 encoding) "{key}"')
    for char in key[:-2]:
        if char not in _BASE64:
            raise Denied(
                f'bad character "{char}" in Sec-WebSocket-Key (invalid base64 encoding) "{key}"'
            )
    return key


def _extensions(headers: dict[str, str]) -> list[Extension]:
    extensions: list[Extension] = []
    for text in headers.get("sec-websocket-extensions", "").split(","):
        if not text.strip():
            continue
        name, *rest = (part.strip() for part in text.split(";"))
        parameters: dict[str, list[str | bool]] = {}
        for parameter in rest:
            key, equals, value = (part.strip() for part in parameter.partition("="))
            said: str | bool = value.removeprefix('"').removesuffix('"') if equals else True
            parameters.setdefault(key.lower(), []).append(said)
        extensions.append((name.lower(), parameters))
    return extensions


def _check_offer(parameters: dict[str, list[str | bool]]) -> None:
    for name, values in parameters.items():
        if len(values) > 1:
            raise Denied(
                f"multiple occurrence of extension parameter '{name}' for extension '{DEFLATE}'"
            )
        [value] = values
        if name in ("client_no_context_takeover", "server_no_context_takeover"):
            fits, shown = value is True, str(value)
        elif name in ("client_max_window_bits", "server_max_window_bits"):
            # Where the server's has no value, that is True, and is read as 1.
            bits = _bits(value)
            fits = bits in _WINDOWS or (name.startswith("client") and value is True)
            shown = str(value if bits is None else bits)
        else:
            raise Denied(f"illegal extension parameter '{name}' for extension '{DEFLATE}'")
        if not fits:
            raise Denied(
                f"illegal extension parameter value '{shown}' for parameter '{name}' of extension"
                f" '{DEFLATE}'"
            )


def _bits(value: str | bool) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None
