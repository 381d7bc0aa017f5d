"""A core of uWSGI: a thread that takes requests, one after the other, and calls the app as uWSGI's
C code does.
"""

import _thread
import io
import os
import threading
from collections.abc import Callable, Generator
from itertools import takewhile
from typing import Any, Final

import _wasgi
from _wasgi import (
    ANY_EXCEPTION,
    BODY_TIMED_OUT,
    BROKEN,
    CLIENTS,
    DATA,
    DONE,
    EXIT,
    IO,
    PARK,
    REQUEST_WITH_BODY,
)

from ...bridge.buffer import SIZE, number, read_strings, view, write_bytes, write_text, write_texts
from ...bridge.through_c import through_c
from ...bridge.tracebacks import traceback_of
from ...threads import waiting
from ...threads.waiting import CONNECTIONS, request, wait
from ...wsgi.cycle import Body, Cycle, ExcInfo, base_environ
from .log import Answer, Log, say
from .options import Configuration

NO_APP: Final = "--- no python application found, check your startup logs for errors ---"


def wait_for_io(key: int = CONNECTIONS) -> Generator[None, int]:
    """Waits for what comes from outside."""
    if waiting.SUSPENDS:
        wait(IO, key)
    else:
        from ...threads import stepping

        yield from stepping.wait_for_connections()


def digits(text: str) -> int:
    return int("".join(takewhile(str.isdigit, text)) or 0)


class _CountedBody(Body):
    consumed = 0
    """Bytes that the app has read."""
    is_late = False
    """Whether the client has sent nothing for too long."""

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self.consumed += count
        return count

    def _error(self, reply: int) -> Exception:
        self.is_late = reply == BODY_TIMED_OUT
        return super()._error(reply)


class _Input(io.BufferedReader):
    """``wsgi.input``: errors say which call they are of, and the log what is missing."""

    def __init__(self, cycle: Cycle, length: int) -> None:
        self._bytes = _CountedBody(cycle)
        self._length = length
        super().__init__(self._bytes)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._named("read", super().read, size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._named("readline", super().readline, size)

    def _named(self, name: str, call: Callable[[int | None], bytes], size: int | None) -> bytes:
        try:
            return call(size)
        except OSError as error:
            asked = 0 if size is None or size < 0 else size
            consumed = self._bytes.consumed
            left = self._length - consumed
            what, why = (
                ("Timeout", "")
                if self._bytes.is_late
                else ("Error", " message: Client closed connection")
            )
            say(
                f"[uwsgi-body-read] {what} reading {left} bytes."
                f" Content-Length: {self._length} consumed: {consumed} left: {left}{why}"
            )
            raise OSError(f"{error} during {name}({asked}) on wsgi.input") from None


def _latin1(text: Any, not_text: str, not_latin1: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(not_text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise TypeError(not_latin1) from None


class Core:
    """A thread that takes requests, one after the other."""

    def __init__(self, number: int, app: Any, configuration: Configuration) -> None:
        self.number = number
        self.app = app
        self.configuration = configuration
        self.cycle = Cycle(number, CLIENTS | number if number else CONNECTIONS)
        self.answer: Answer
        self.stuck = False

    def _until_taken(self, reply: int) -> None:
        # In steps, what the client does not take waits in memory.
        while reply == PARK and waiting.SUSPENDS:
            wait(IO, self.cycle.key)
            reply = _wasgi.flushed(self.number)
        if reply == BROKEN:
            raise OSError("write error")

    def write(self, data: bytes) -> None:
        """PEP 3333's."""
        answer = self.answer
        answer.sent += len(data)
        if data:
            answer.head = answer.head or answer.pending
        for start in range(0, len(data) or 1, SIZE):
            part = data[start : start + SIZE]
            view[: len(part)] = part
            self._until_taken(_wasgi.write(self.number, len(part)))

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Any:
        """PEP 3333's, with uWSGI's own checks and no others."""
        not_latin1 = "http header must be encodable in latin1"
        fields = [
            _latin1(
                status,
                "http status must be a string",
                "http status string must be encodable in latin1",
            )
        ]
        if not isinstance(headers, list):
            raise TypeError("http headers must be in a python list")
        for header in headers:
            if not isinstance(header, tuple):
                raise TypeError("http header must be defined in a tuple")
            if len(header) < 2:
                raise TypeError("http header must be a 2-item tuple")
            fields.append(_latin1(header[0], "http header key must be a string", not_latin1))
            fields.append(_latin1(header[1], "http header value must be a string", not_latin1))
        if _wasgi.start_response(self.number, write_bytes(fields), True) != DONE:
            raise OSError("headers already sent")
        answer = self.answer
        answer.status = status[:3]
        answer.fields = len(headers)
        # The status line, the fields and the empty line.
        answer.pending = (
            len(answer.version) + len(fields[0]) + 5 + sum(map(len, fields[1:])) + 4 * len(headers)
        )
        return self.write

    def _no_app(self) -> list[bytes]:
        say(NO_APP)
        self.answer.app = -1
        self.answer.switches = -1
        self.start_response(
            "500 Internal Server Error", [("Connection", "close"), ("Content-Type", "text/plain")]
        )
        return [b"Internal Server Error"]

    def _send(self, result: Any) -> None:
        if isinstance(result, bytes):
            self.write(result)
            return
        for chunk in result:
            self.answer.switches += 1
            if isinstance(chunk, bytes):
                self.write(chunk)
            elif chunk is not None:
                say(f"[ERROR] Unhandled object from iterator: {chunk!r} ({id(chunk):#x})")

    def _report(self, error: BaseException) -> None:
        if isinstance(error, SystemExit):
            # What Python makes of it where it prints an exception: the process ends.
            raise error
        _wasgi.raised_wsgi(self.number, write_text(traceback_of(error)), ANY_EXCEPTION, None, True)

    def _respond(self, environ: dict[str, Any]) -> None:
        result = None
        try:
            result = self._no_app() if self.app is None else self.app(environ, self.start_response)
            self._send(result)
            self._until_taken(_wasgi.finish(self.number))
        except BaseException as error:
            self._report(error)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                try:
                    close()
                except BaseException as error:
                    say(traceback_of(error))
        # A head that waits goes out at the end, whatever became of the body.
        self.answer.head = self.answer.head or self.answer.pending

    def _buffered(self, length: int, buffer: int) -> io.BytesIO | None:
        """The whole body, as ``--post-buffering`` reads it before the app is called; without it
        there is no call.

        A body that fits is read to memory, and how its reading ends while it waits is not told from
        a time-out; a larger one is read in parts of the buffer's size, to a file.
        """
        body = bytearray()
        while (left := length - len(body)) > 0:
            waits = False
            while (reply := _wasgi.read_body(self.number, min(left, SIZE))) == PARK:
                waits = True
                wait(IO, self.cycle.key)
            if reply == DATA:
                body += view[: number[0]]
                continue
            fits = length < buffer
            late = reply == BODY_TIMED_OUT or (waits and fits)
            what, why = ("Timeout", "") if late else ("Error", " message: Client closed connection")
            self._drop(
                f"[uwsgi-body-read] {what} reading {left if fits else min(left, buffer)} bytes."
                f" Content-Length: {length} consumed: 0 left: {length}{why}",
                waits,
            )
            return None
        return io.BytesIO(body)

    def _drop(self, why: str, switches: int) -> None:
        """Ends the connection without an answer."""
        self.answer.app = -1
        self.answer.switches = switches
        _wasgi.raised_wsgi(self.number, write_text(why), ANY_EXCEPTION, None, True)

    def serve(self) -> Generator[None, int]:
        """Takes requests until the worker is told to leave."""
        configuration = self.configuration
        log = Log(configuration.options, configuration.pid, configuration.slot)
        buffer = configuration.options.post_buffering
        cycle = self.cycle
        respond = through_c(self._respond)
        base = base_environ()
        base["uwsgi.version"] = b"2.0.31"
        if configuration.multithread:
            base["uwsgi.core"] = self.number
        base["uwsgi.node"] = os.uname().nodename.encode()
        while True:
            reply = _wasgi.next_request(self.number)
            if reply == PARK:
                yield from wait_for_io(cycle.key)
                continue
            if reply == EXIT:
                return
            id = number[0]
            strings = iter(read_strings())
            environ: dict[str, Any] = dict(zip(strings, strings))
            self.answer = Answer(environ)
            variables = dict(environ)
            has_body = reply == REQUEST_WITH_BODY
            environ["wsgi.input"] = (
                _Input(cycle, digits(environ["CONTENT_LENGTH"])) if has_body else io.BytesIO()
            )
            environ.update(base)
            if scheme := environ.get("HTTP_X_FORWARDED_PROTO"):
                # Whoever says so is believed.
                environ["wsgi.url_scheme"] = scheme
            request.set(id)
            if waiting.SUSPENDS:
                if has_body and buffer:
                    environ["wsgi.input"] = self._buffered(
                        digits(environ["CONTENT_LENGTH"]), buffer
                    )
                if environ["wsgi.input"]:
                    respond(environ)
            else:
                from ...wsgi import stepped

                if has_body:
                    environ["wsgi.input"] = yield from stepped.whole_body(cycle.id)
                respond(environ)
                yield from stepped.flushed(cycle.id)
            request.set(None)
            del environ
            line = log.line(self.answer, variables, self.number)
            _wasgi.log_request(self.number, write_texts(line))

    def run(self) -> None:
        """The life of a core whose thread is not the main one."""
        self.name()
        try:
            for _ in self.serve():
                pass
        except SystemExit:
            # The original ends the process from this thread, which waits for itself then: for ever,
            # with its client.
            self.stuck = True
            lock = _thread.allocate_lock()
            lock.acquire()
            lock.acquire()

    def name(self) -> None:
        """Names the running thread."""
        worker = self.configuration.slot
        threading.current_thread().name = f"uWSGIWorker{worker}Core{self.number}"
