"""A WSGI app that does what the request says: `do=A.B.C` in the query, one thing after the other.

Without more it answers with its environ. See `docs/conformance.md`.
"""

import json
import re
import socket
import sys
import threading
import time
from typing import Any

BARRIERS: dict[int, threading.Barrier] = {}
LOCK = threading.Lock()
STATUS: dict[str, Any] = {
    "bare": "200",
    "empty": "",
    "newline": "200 O\nK",
    "word": "abc def",
    "int": 200,
    "latin": "200 \xe4",
    "wide": "200 \u2603",
    "reason": "200 ",
}
HEADS: dict[str, list[Any]] = {
    "close": [("Connection", "close")],
    "keep": [("Connection", "keep-alive")],
    "te": [("Transfer-Encoding", "chunked")],
    "upgrade": [("Upgrade", "x")],
    "date": [("Date", "Thu, 01 Jan 1970 00:00:00 GMT")],
    "server": [("Server", "mine")],
    "newline": [("X-Bad", "a\nInjected: 1")],
    "cr": [("X-Bad", "a\rb")],
    "nul": [("X-Bad", "a\0b")],
    "space": [("X Bad", "1")],
    "colon": [("X-Bad:", "1")],
    "noname": [("", "1")],
    "latin": [("X-Latin", "\xe4")],
    "wide": [("X-Wide", "\u2603")],
    "long": [("X-Long", "v" * 9000)],
    "cookies": [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    "case": [("x-lOWER", "  spaced  ")],
    "type": [("content-type", "text/html")],
    "tuple": [("X-Three", "a", "b")],
    "int": [("X-Int", 5)],
    "bytes": [(b"X-Bytes", b"1")],
}


def plain(key: str, value: Any, kinds: bool = False) -> Any:
    """What JSON can hold of a value, without what differs from run to run. Of an object its kind is
    told where that is asked for: it is no part of what an app can rely on.
    """
    if key == "REMOTE_PORT" and str(value).isdigit():
        return "PORT"
    if key == "SERVER_NAME" and value == socket.gethostname():
        return "HOST"
    if key == "uwsgi.node":
        return type(value).__name__
    if isinstance(value, (str, int, bool, type(None))):
        return value
    if isinstance(value, bytes):
        return ["bytes", value.decode("latin-1")]
    if isinstance(value, (tuple, list)):
        return [plain("", item) for item in value]
    if not kinds:
        return "OBJECT"
    kind = value if isinstance(value, type) else type(value)
    return f"<{kind.__module__}.{kind.__qualname__}>"


def dump(environ: dict[str, Any], notes: list[Any], kinds: bool) -> bytes:
    """The environ and what was read, as JSON."""
    shown = {key: plain(key, value, kinds) for key, value in sorted(environ.items())}
    return json.dumps({"environ": shown, "notes": notes}).encode()


def words(environ: dict[str, Any]) -> list[str]:
    """What is to be done."""
    found = re.search(r"(?:^|[&?])do=([\w.-]*)", environ.get("QUERY_STRING", ""))
    return [word for word in found[1].split(".") if word] if found else []


class Returned:
    """An iterable with a `close()`."""

    def __init__(self, chunks: Any, closing: str) -> None:
        self.chunks, self.closing = iter(chunks), closing

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return next(self.chunks)

    def close(self) -> None:
        print("closed", file=sys.stderr, flush=True)
        if self.closing == "close-raise":
            raise ValueError("close")


class File:
    """What `wsgi.file_wrapper` takes."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int = -1) -> bytes:
        size = len(self.content) if size < 0 else size
        part, self.content = self.content[:size], self.content[size:]
        return part

    def close(self) -> None:
        print("file closed", file=sys.stderr, flush=True)


class Answer:
    """The state of one request."""

    def __init__(self, environ: dict[str, Any], start_response: Any) -> None:
        self.environ, self.start_response = environ, start_response
        self.status: Any = "200 OK"
        self.headers: list[Any] = [("Content-Type", "text/plain")]
        self.notes: list[Any] = []
        self.started = False
        self.write: Any = None
        self.output = False

    def start(self, *more: Any) -> None:
        self.started = True
        self.write = self.start_response(self.status, self.headers, *more)

    def note(self, word: str, read: Any) -> None:
        try:
            got = read(self.environ["wsgi.input"])
        except Exception as error:
            self.notes.append([word, type(error).__name__, str(error)[:80]])
            return
        size = sum(map(len, got)) if isinstance(got, list) else len(got)
        self.notes.append([word, size, repr(got)[:60]])

    def do(self, word: str) -> Any:
        """Does one thing, and yields what the app is to yield."""
        name, _, rest = word.partition("-")
        number = int(rest) if rest.isdigit() else None
        match name:
            case "read":
                size = {"": 1 << 20, "minus": -1}.get(rest, number)
                self.note(word, lambda file: file.read(size))
            case "readline":
                self.note(word, lambda file: file.readline())
            case "readlines":
                self.note(word, lambda file: file.readlines())
            case "iterate":
                self.note(word, list)
            case "status":
                self.status = STATUS.get(rest, f"{rest} Reason")
            case "head":
                self.headers.extend(HEADS[rest])
            case "len":
                values = {"x": ["x"], "empty": [""], "twice": ["3", "3"], "minus": ["-1"]}
                for value in values.get(rest, [rest]):
                    self.headers.append(("Content-Length", value))
            case "raise":
                raise ValueError("asked to")
            case "cancel":
                raise KeyError("cancelled")
            case "print":
                self.environ["wsgi.errors"].write("printed\n")
                self.environ["wsgi.errors"].flush()
            case "nostart":
                self.started = True
            case "twice":
                self.start()
                self.start()
            case "again":
                self.status = "201 Again"
                self.start()
            case "exc":
                try:
                    raise ValueError("replaced")
                except ValueError:
                    self.status = "500 Replaced"
                    self.start(sys.exc_info())
            case "write":
                if self.write is None:
                    self.start()
                if self.write is not None:
                    self.write(b"w" * (number or 0))
                self.output = True
            case "late":
                yield b""
            case "echo":
                data = self.environ["wsgi.input"].read(int(self.environ["CONTENT_LENGTH"] or 0))
                yield from self.chunk(data)
            case "chunk" | "empty" | "str" | "none" | "int":
                values = {"empty": b"", "str": "text", "none": None, "int": 5}
                yield from self.chunk(values.get(name, b"c" * (number or 0)))
            case "environ":
                self.environ.update(REMOTE_ADDR="9.9.9.9", REMOTE_USER="u", REQUEST_METHOD="X")

    def chunk(self, value: Any) -> Any:
        if not self.started:
            self.start()
        self.output = True
        yield value

    def run(self, todo: list[str]) -> Any:
        for word in todo:
            yield from self.do(word)
        if not self.started:
            body = dump(self.environ, self.notes, "kinds" in todo)
            self.headers.append(("Content-Length", str(len(body))))
            self.start()
            yield body
        elif not self.output:
            yield b"body"


def held(todo: list[str]) -> bytes:
    """Answers when as many requests are here at once as it says."""
    count = int(todo[1])
    with LOCK:
        barrier = BARRIERS.setdefault(count, threading.Barrier(count))
    try:
        barrier.wait(5)
    except threading.BrokenBarrierError:
        with LOCK:
            BARRIERS.pop(count, None)
        return b"missed"
    return b"met"


def app(environ: dict[str, Any], start_response: Any) -> Any:
    """The WSGI callable."""
    todo = words(environ)
    if todo[:1] == ["held"]:
        body = held(todo)
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    if todo[:1] == ["sleep"]:
        time.sleep(0.2)
    answer = Answer(environ, start_response)
    for word in [word for word in todo if word.startswith(("head-", "len-"))]:
        todo.remove(word)
        for _ in answer.do(word):
            pass
    steps = answer.run(todo)
    if "generator" in todo:
        return steps
    if "iterator" in todo:
        return Returned(steps, "")
    closing = [word for word in todo if word.startswith("close-")]
    if closing:
        return Returned(list(steps), closing[0])
    chunks = list(steps)
    if "bytes" in todo:
        return b"".join(chunks)
    if "tuple" in todo:
        return tuple(chunks)
    if "file" in todo and "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](File(b"".join(chunks)), 4)
    if "none" in todo and chunks == [None]:
        return None
    return chunks
