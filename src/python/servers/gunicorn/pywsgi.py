"""gevent's own WSGI server (``-k gevent_pywsgi``): requests are read and responses written here,
Rust carries the bytes.

It is more lenient than gunicorn in what it takes for HTTP, keeps a connection for as long as the
client does, and answers where an app raises.
"""

import errno
import io
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import formatdate
from http import client
from typing import Any, Final
from urllib.parse import unquote

import _wasgi
from _wasgi import REQUEST, REQUEST_WITH_BODY

from ...bridge.buffer import read_strings
from ...gevent import greenlet as gevent_greenlet
from ...gevent.errors import failed
from ...gevent.modules import VERSION
from ...threads.waiting import request
from ...wsgi.cycle import App, ExcInfo
from ...wsgi.gunicorn_objects import FileWrapper
from .access_log import Atoms
from .options import Configuration
from .pywsgi_stream import LONGEST, Input, InvalidInput, Socket

_BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-length: 0\r\n\r\n"
_TOO_LONG: Final = (
    b"HTTP/1.1 414 Request URI Too Long\r\nConnection: close\r\nContent-length: 0\r\n\r\n"
)
_ERRORS: Final = {
    400: ("400 Bad Request", b""),
    500: ("500 Internal Server Error", b"Internal Server Error"),
}


class InvalidRequest(ValueError):
    """The head is none."""


class Environ(dict[str, Any]):
    """What is shown of an environ in the log."""

    def __repr__(self) -> str:
        shown = {
            key: self[key] for key in self if key in ("REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST")
        }
        return f"{repr(shown)[:-1]}, (hidden keys: {len(self) - len(shown)})}}"


class Message(client.HTTPMessage):
    """A request's fields."""

    status = ""


class Handler:
    """A connection and its present request."""

    def __init__(self, server: Server, id: int) -> None:
        self.server = server
        self.id = id
        port, own_host, own_port = read_strings()
        self.address = ("127.0.0.1", int(port))
        self.socket = Socket(id, self.address, (own_host, int(own_port)))
        self.rfile = io.BufferedReader(self.socket)
        # What the log says of a connection that has never been a request.
        self.environ: dict[str, Any] = None  # type: ignore[assignment]
        self.headers = Message()
        self.closes = False
        self.status: str | None = None
        self.sent = 0

    def handle(self) -> None:
        """All its requests."""
        try:
            while True:
                self.begun = time.time()
                refusal = self.handle_one()
                if refusal is None:
                    return
                if refusal:
                    self.status = refusal.split(b" ")[1].decode()
                    self.socket.sendall(refusal)
                    self.log_request()
                    return
        finally:
            self.socket.end()

    def handle_one(self) -> bytes | None:
        """Nothing (b""): the next may follow. None: none will. Else an answer that ends the
        connection.
        """
        try:
            line = self.rfile.readline(LONGEST).decode("latin-1")
        except OSError:
            return None
        if not line:
            return None
        self.sent = 0
        if len(line) >= LONGEST:
            return _TOO_LONG
        try:
            self.read_head(line)
        except Exception as error:
            self.complain(error)
            return _BAD_REQUEST
        self.environ = self.make_environ()
        _wasgi.begin_raw(self.id)
        request.set(self.id)
        try:
            self.respond()
        finally:
            request.set(None)
            _wasgi.end_raw(self.id)
        return None if self.closes else b""

    def read_head(self, line: str) -> None:
        """The request's line and fields. ValueError: it is none."""
        words = line.split()
        if len(words) == 3:
            self.method, self.path, self.version = words
            if not _is_version(self.version):
                raise InvalidRequest(f"Invalid http version: {line!r}")
        elif len(words) == 2:
            self.method, self.path = words
            if self.method != "GET":
                given = f"command={self.method!r}; path={self.path!r}; raw={line!r}"
                raise InvalidRequest(f"Expected GET method; Got {given}")
            self.version = "HTTP/0.9"
        else:
            raise InvalidRequest(f"Invalid HTTP method: {line!r}")
        try:
            self.headers = client.parse_headers(self.rfile, _class=Message)
        except client.LineTooLong:
            raise InvalidRequest("Invalid headers status: 'Line too long'") from None
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            del self.headers["content-length"]
        length = self.headers.get("content-length")
        self.length = None if length is None else int(length)
        if self.length is not None:
            if self.length < 0:
                raise InvalidRequest(f"Invalid Content-Length: {self.length!r}")
            if self.length and self.method == "HEAD":
                raise InvalidRequest("Unexpected Content-Length")
        connection = self.headers.get("Connection", "").lower()
        match self.version:
            case "HTTP/1.1":
                self.closes = connection == "close"
            case "HTTP/1.0":
                self.closes = connection != "keep-alive"
            case _:
                self.closes = True

    def complain(self, error: Exception) -> None:
        """What the log says of what is no request."""
        if not isinstance(error, (ValueError, InvalidInput)):
            traceback.print_exc()
        if isinstance(error, InvalidRequest):
            text = f"(from {self.address}) {error}"
        else:
            text = f"Invalid request (from {self.address}): {str(error) or type(error).__name__}"
        print(f"{self.socket}: {text}", file=sys.stderr, flush=True)

    def _variables(self) -> Iterator[tuple[str, str]]:
        for name, value in self.headers.items():
            if "_" not in name:
                key = name.replace("-", "_").upper()
                if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                    yield "HTTP_" + key, value.strip()

    def make_environ(self) -> dict[str, Any]:
        """PEP 3333, "environ Variables"."""
        path, _, query = self.path.partition("?")
        environ = self.server.base | {
            "SERVER_NAME": self.server.name,
            "SERVER_PORT": str(self.socket.getsockname()[1]),
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": self.version,
            "REMOTE_ADDR": self.address[0],
            "REMOTE_PORT": str(self.address[1]),
        }
        for key, field in (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length")):
            value = self.headers.get(field)
            if value is not None and (value or key == "CONTENT_TYPE"):
                environ[key] = value
        for key, value in self._variables():
            if key in environ:
                environ[key] += ("; " if "COOKIE" in key else ",") + value
            else:
                environ[key] = value
        chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
        expected = self.socket if environ.get("HTTP_EXPECT") == "100-continue" else None
        upgrades = environ.get("HTTP_CONNECTION", "").lower() == "upgrade"
        upgrades = upgrades or environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        self.input = Input(self.rfile, self.length, chunked, expected)
        environ["wsgi.input"] = self.rfile if upgrades else self.input
        environ["wsgi.input_terminated"] = not upgrades
        environ["gunicorn.sock"] = self.socket
        environ["RAW_URI"] = self.path
        return environ

    # --- the response

    def respond(self) -> None:
        """Calls the app."""
        self.begun = time.time()
        self.status = None
        self.head_sent = self.chunked = False
        self.code = 0
        self.sent = 0
        self.result: Any = None
        try:
            try:
                self.run()
            finally:
                try:
                    self.input.discard()
                except InvalidInput:
                    raise
                except OSError:
                    pass
        except InvalidInput as error:
            self.complain(error)
            self.closes = True
            self._answer(400)
        except OSError as error:
            if error.args and error.args[0] in (errno.EPIPE, errno.ECONNRESET):
                self.closes = True
            else:
                self._fail(error)
        except BaseException as error:
            self._fail(error)
        finally:
            self.log_request()

    def run(self) -> None:
        """The app's answer."""
        try:
            self.result = self.server.app(self.environ, self.start_response)
            for data in self.result:
                if data:
                    self.write(data)
            if self.status and not self.head_sent:
                self.write(b"")
            if self.chunked:
                self._send(b"0\r\n\r\n")
        finally:
            close = getattr(self.result, "close", None)
            try:
                if close is not None:
                    close()
            finally:
                close = self.result = None

    def _fail(self, error: BaseException) -> None:
        failed(Environ(self.environ), error)
        self._answer(500)

    def _answer(self, code: int) -> None:
        if self.sent:
            self.closes = True
            return
        status, body = _ERRORS[code]
        fields = [
            ("Content-Type", "text/plain"),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
        ]
        try:
            self.start_response(status, fields)
            self.write(body)
        except OSError:
            self.closes = True

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333, "The start_response() Callable"."""
        if exc_info:
            try:
                if self.head_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        fields = []
        given: dict[str, str] = {}
        for name, value in headers:
            if not isinstance(name, str):
                raise UnicodeError("The header must be a native string", name, value)
            if not isinstance(value, str):
                raise UnicodeError("The value must be a native string", name, value)
            if "\r" in name or "\n" in name:
                raise ValueError("carriage return or newline in header name", name)
            if "\r" in value or "\n" in value:
                raise ValueError("carriage return or newline in header value", value)
            try:
                fields.append((name.encode("latin-1"), value.encode("latin-1")))
            except UnicodeEncodeError:
                raise UnicodeError("Non-latin1 header", repr(name), repr(value)) from None
            given[name.lower()] = value
        if not isinstance(status, str):
            raise UnicodeError("The status string must be a native string")
        if "\r" in status or "\n" in status:
            raise ValueError("carriage return or newline in status", status)
        self.code = int(status.split(" ", 1)[0])
        status.encode("latin-1")
        self.status = status
        self.fields = fields
        self.given = given
        connection = given.get("connection")
        if self.version == "HTTP/1.0" and connection is None:
            fields.append((b"Connection", b"close" if self.closes else b"keep-alive"))
        elif connection == "close":
            self.closes = True
        length = given.get("content-length")
        if self.code in (204, 304) and length is not None and length != "0":
            message = (
                f"Invalid Content-Length for {self.code} response: {length!r}"
                " (must be absent or zero)"
            )
            raise AssertionError(message.encode("latin-1"))
        return self.write

    def write(self, data: Any) -> None:
        """PEP 3333, "The write() Callable"."""
        if self.code in (204, 304) and data:
            raise AssertionError(f"The {self.code} response must have no body")
        if not self.head_sent:
            if not self.status:
                raise AssertionError("The application did not call start_response()")
            self._send_head()
        if data:
            if self.chunked:
                data = b"%x\r\n%b\r\n" % (len(data), data)
            self._send(data)

    def _send_head(self) -> None:
        self.head_sent = True
        fields = self.fields
        if "date" not in self.given:
            fields.append((b"Date", formatdate(usegmt=True).encode()))
        if self.code not in (204, 304) and "content-length" not in self.given:
            if hasattr(self.result, "__len__"):
                fields.append((b"Content-Length", b"%d" % sum(len(chunk) for chunk in self.result)))
            elif self.code != 101 and self.version != "HTTP/1.0":
                self.chunked = True
                fields.append((b"Transfer-Encoding", b"chunked"))
        head = b"".join(b"%b: %b\r\n" % field for field in fields)
        self._send(b"HTTP/1.1 " + (self.status or "").encode("latin-1") + b"\r\n" + head + b"\r\n")

    def _send(self, data: Any) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            self.status = f"socket error: {error}"
            self.code = -abs(self.code)
            raise
        self.sent += len(data)

    def log_request(self) -> None:
        """A line of gunicorn's access log."""
        if self.server.format:
            print(self.server.format % self.atoms(), flush=True)

    def atoms(self) -> Atoms:
        """What its format may ask for."""
        environ = self.environ
        micros = round((time.time() - self.begun) * 1e6)
        fields = {f"{{{name.lower()}}}i": value for name, value in self.headers.items()}
        host = environ.get("REMOTE_ADDR", "-")
        target, version = environ["RAW_URI"], environ["SERVER_PROTOCOL"]
        atoms = {
            "h": host,
            "l": "-",
            "u": "-",
            "t": datetime.now().astimezone().strftime("[%d/%b/%Y:%H:%M:%S %z]"),
            "r": f"{environ['REQUEST_METHOD']} {target} {version}",
            "s": self.status.split(None, 1)[0] if self.status else self.status,
            "m": environ["REQUEST_METHOD"],
            "U": environ["PATH_INFO"],
            "q": environ["QUERY_STRING"],
            "H": version,
            "b": str(self.sent),
            "B": self.sent,
            "f": environ.get("HTTP_REFERER", "-"),
            "a": environ.get("HTTP_USER_AGENT", "-"),
            "T": micros // 1_000_000,
            "D": micros,
            "M": micros // 1000,
            "L": f"{micros // 1_000_000}.{micros % 1_000_000:06d}",
            "p": f"<{self.server.pid}>",
        }
        return Atoms(
            atoms | fields | {f"{{{name.lower()}}}e": value for name, value in environ.items()}
        )


def _is_version(text: str) -> bool:
    if not text.startswith("HTTP/"):
        return False
    version = tuple(int(part) for part in text[5:].split("."))
    return version[1] >= 0 and (0, 9) <= version < (2, 0)


class Server:
    """What the connections of a worker share."""

    def __init__(self, app: App, configuration: Configuration) -> None:
        self.app = app
        self.pid = configuration.pid
        self.format = configuration.options.access_log_format
        host = configuration.address[0]
        self.name = (
            "localhost" if host.startswith("127.") or host == "::1" else socket.gethostname()
        )
        self.base: dict[str, Any] = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_SOFTWARE": f"gevent/{VERSION} gunicorn/27.0.1",
            "wsgi.errors": sys.stderr,
            "wsgi.file_wrapper": FileWrapper,
            "wsgi.multiprocess": configuration.multiprocess,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
        }

    def serve(self, id: int) -> None:
        """A connection's green thread."""
        if _wasgi.connection_request(id) not in (REQUEST, REQUEST_WITH_BODY):
            return
        try:
            Handler(self, id).handle()
        except Exception as error:
            failed(gevent_greenlet.getcurrent(), error)
        finally:
            _wasgi.connection_request(id)
