"""A core of uWSGI: a thread that takes requests, one after the other, and calls the app as uWSGI's
C code does.
"""

import _thread
import io
import os
import sys
import threading
from collections.abc import Generator
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
from ...bridge.tracebacks import printed_by_c
from ...threads import waiting
from ...threads.waiting import CONNECTIONS, request, wait
from ...wsgi.cycle import Cycle, ExcInfo, base_environ
from .body import Input
from .file_wrapper import FileWrapper
from .loading import App, Apps
from .log import Answer, Log, say
from .options import Configuration
from .static_files import StaticFiles

NO_APP: Final = "--- no python application found, check your startup logs for errors ---"
_MOST_VARIABLES: Final = 128
"""Variables of a request that uWSGI has room for (``--max-vars 64``, of which it makes four times
as many places, two for each variable).
"""


def wait_for_io(key: int = CONNECTIONS) -> Generator[None, int]:
    """Waits for what comes from outside."""
    if waiting.SUSPENDS:
        wait(IO, key)
    else:
        from ...threads import stepping

        yield from stepping.wait_for_connections()


def digits(text: str) -> int:
    return int("".join(takewhile(str.isdigit, text)) or 0)


def _latin1(text: Any, not_text: str, not_latin1: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(not_text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise TypeError(not_latin1) from None


class Core:
    """A thread that takes requests, one after the other."""

    def __init__(
        self, number: int, apps: Apps, files: StaticFiles, configuration: Configuration
    ) -> None:
        self.number = number
        self.apps = apps
        self.files = files
        self.configuration = configuration
        self.file_wrapper = FileWrapper()
        self.cycle = Cycle(number, CLIENTS | number if number else CONNECTIONS)
        self.answer: Answer
        self.stuck = False

    def _until_taken(self, reply: int) -> None:
        # In steps, what the client does not take waits in memory.
        while reply == PARK and waiting.SUSPENDS:
            wait(IO, self.cycle.key)
            reply = _wasgi.flushed(self.number)
        if reply == BROKEN:
            self.answer.write_errors += 1
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
        line = _latin1(
            status,
            "http status must be a string",
            "http status string must be encodable in latin1",
        )
        fields: list[bytes] = []
        try:
            self._add_fields(headers, fields)
        finally:
            # What came before a field that is wrong is sent all the same.
            self._begin(status, line, fields)
        return self.write

    def _add_fields(self, headers: list[tuple[str, str]], fields: list[bytes]) -> None:
        """Adds names and values, one field after the other."""
        not_latin1 = "http header must be encodable in latin1"
        if not isinstance(headers, list):
            raise TypeError("http headers must be in a python list")
        for header in headers:
            if not isinstance(header, tuple):
                raise TypeError("http header must be defined in a tuple")
            if len(header) < 2:
                raise TypeError("http header must be a 2-item tuple")
            name = _latin1(header[0], "http header key must be a string", not_latin1)
            value = _latin1(header[1], "http header value must be a string", not_latin1)
            fields += (name, value)

    def _begin(self, status: str, line: bytes, fields: list[bytes]) -> None:
        if _wasgi.start_response(self.number, write_bytes([line, *fields]), True) != DONE:
            raise OSError("headers already sent")
        answer = self.answer
        answer.status = status[:3]
        answer.fields = len(fields) // 2
        # A name that is empty has no colon either.
        separators = sum(2 for name in fields[::2] if name)
        ends = 2 * (answer.fields + 2)
        # The status line, the fields and the empty line.
        answer.pending = (
            len(answer.version) + 1 + len(line) + sum(map(len, fields)) + separators + ends
        )

    def _no_app(self) -> bytes:
        self.start_response(
            "500 Internal Server Error", [("Connection", "close"), ("Content-Type", "text/plain")]
        )
        say(NO_APP)
        return b"Internal Server Error"

    def _call(self, app: App | None, environ: dict[str, Any]) -> Any:
        if app is None:
            return self._no_app()
        if self.configuration.threads == 1:
            app.interpreter.enter()
        app.calls += 1
        self.answer.app = app.number
        self.answer.calls = app.calls
        return app.callable(environ, self.start_response)

    def _send(self, result: Any) -> None:
        if isinstance(result, bytes):
            self.write(result)
            return
        if self.file_wrapper.is_around(result):
            self._send_wrapped(result)
            return
        for chunk in result:
            self.answer.switches += 1
            if isinstance(chunk, bytes):
                self.write(chunk)
            elif chunk is not None:
                say(f"[ERROR] Unhandled object from iterator: {chunk!r} ({id(chunk):#x})")

    def _send_wrapped(self, file: Any) -> None:
        """What ``wsgi.file_wrapper`` was called with: the whole file, wherever it is read, or what
        ``read()`` gives.
        """
        descriptor = self.file_wrapper.descriptor(file)
        if descriptor is not None:
            self._send_file(descriptor, 0, os.fstat(descriptor).st_size)
        elif hasattr(file, "read"):
            size = self.file_wrapper.block_size
            while (block := file.read(size) if size > 0 else file.read()) != b"":
                if isinstance(block, bytes):
                    self.write(block)
                if size <= 0:
                    return

    def _send_file(self, descriptor: int, offset: int, length: int) -> None:
        """So many bytes of a file, as ``sendfile()`` does."""
        answer = self.answer
        answer.head = answer.head or answer.pending
        answer.via_sendfile = length > 0
        end = offset + length
        while offset < end and (block := os.pread(descriptor, min(SIZE, end - offset), offset)):
            self.write(block)
            offset += len(block)

    def _send_static(
        self,
        status: str,
        fields: list[tuple[str, str]],
        descriptor: int | None,
        offset: int,
        length: int,
    ) -> None:
        self.start_response(status, fields)
        try:
            if descriptor is not None:
                self._send_file(descriptor, offset, length)
            self._until_taken(_wasgi.finish(self.number))
        except OSError:
            # The client is gone.
            pass
        self.answer.head = self.answer.head or self.answer.pending

    def _report(self, error: BaseException) -> None:
        self.answer.exceptions += 1
        if isinstance(error, SystemExit):
            # What Python makes of it where it prints an exception: the process ends.
            raise error
        _wasgi.raised_wsgi(self.number, write_text(printed_by_c(error)), ANY_EXCEPTION, None, True)

    def _respond(self, app: App | None, environ: dict[str, Any]) -> None:
        result = None
        try:
            result = self._call(app, environ)
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
                    say(printed_by_c(error))
        # A head that waits goes out at the end, whatever became of the body.
        self.answer.head = self.answer.head or self.answer.pending

    def _buffered(self, length: int, buffer: int) -> bytes | None:
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
            self.answer.read_errors += 1
            return None
        return bytes(body)

    def _drop(self, why: str, switches: int = 0) -> None:
        """Answers nothing."""
        self.answer.switches = switches
        _wasgi.raised_wsgi(self.number, write_text(why), ANY_EXCEPTION, None, True)

    def _has_room(self, environ: dict[str, Any]) -> bool:
        """Whether there is room for the variables of the request; ``--manage-script-name`` adds
        one.
        """
        options = self.configuration.options
        count = len(environ)
        if count <= _MOST_VARIABLES and options.manage_script_name:
            path = environ["PATH_INFO"]
            if len(path) > 1 and self.apps.mountpoints:
                is_new = "SCRIPT_NAME" not in environ
                count += is_new
                if count <= _MOST_VARIABLES:
                    self.answer.variables += 2 * is_new
                    mountpoint = self.apps.mountpoint_of(path)
                    environ["SCRIPT_NAME"] = mountpoint
                    environ["PATH_INFO"] = path[len(mountpoint) :]
        if count <= _MOST_VARIABLES:
            return True
        self.answer.variables = 2 * min(count, _MOST_VARIABLES)
        self._drop("max vec size reached. skip this var.")
        return False

    def serve(self) -> Generator[None, int]:
        """Takes requests until the worker is told to leave."""
        configuration = self.configuration
        log = Log(configuration.options, configuration.pid, configuration.slot)
        buffer = configuration.options.post_buffering
        cycle = self.cycle
        respond = through_c(self._respond)
        apps, files = self.apps, self.files
        serves_files = bool(files)
        ignores_script_name = configuration.options.ignore_script_name
        base = base_environ(sys.stderr) | {"wsgi.file_wrapper": self.file_wrapper}
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
            answer = self.answer = Answer(environ)
            request.set(id)
            input: io.BufferedReader | Input | None = None
            if self._has_room(environ):
                if reply != REQUEST_WITH_BODY:
                    input = Input(cycle, answer, 0, b"" if buffer else None)
                elif not waiting.SUSPENDS:
                    from ...wsgi import stepped

                    input = yield from stepped.whole_body(cycle.id)
                else:
                    length = digits(environ["CONTENT_LENGTH"])
                    body = self._buffered(length, buffer) if buffer else None
                    if body is not None or not buffer:
                        input = Input(cycle, answer, length, body)
            variables = environ
            if input is not None and not (
                serves_files and files.serve(environ, answer, self._send_static)
            ):
                variables = dict(environ)
                environ["wsgi.input"] = input
                environ.update(base)
                if scheme := environ.get("HTTP_X_FORWARDED_PROTO"):
                    # Whoever says so is believed.
                    environ["wsgi.url_scheme"] = scheme
                name = "" if ignores_script_name else environ.get("SCRIPT_NAME", "")
                respond(apps.find(name), environ)
            if not waiting.SUSPENDS:
                from ...wsgi import stepped

                yield from stepped.flushed(cycle.id)
            request.set(None)
            del environ
            told = log.message(answer, variables, self.number)
            _wasgi.log_request(self.number, write_texts(told))

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
