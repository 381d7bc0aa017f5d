"""The life of a uWSGI worker process, from loading the app to its exit code, and its way of calling
it.

The master's process loads the app, and the workers are forks of it (``--lazy-apps``: each worker
loads it). Without a master each worker loads it all the same; so that it looks like a fork, Rust
shows what the first one prints meanwhile.
"""

import _thread
import io
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from itertools import takewhile
from signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2
from types import ModuleType
from typing import Any, Final

import _wasgi
from _wasgi import (
    ANY_EXCEPTION,
    BROKEN,
    DATA,
    DONE,
    EXIT,
    IO,
    PARK,
    RAISE,
    REQUEST_WITH_BODY,
    SIGNAL_DEFAULT,
)

from ...bridge.buffer import SIZE, number, put_bytes, put_text, take_strings, take_text, view
from ...bridge.through_c import anew
from ...bridge.tracebacks import traceback_of
from ...process import forking
from ...process.configuration import MASTER, Configuration
from ...threads import waiting
from ...threads.thread_module import NO_THREADS
from ...threads.waiting import CONNECTIONS, request, wait
from ...wsgi.exchange import KEYS, Exchange, ExcInfo, _Body, base_environ
from .request_log import Answer, Log

FAILED_APP: Final = 22

_SIGNALS: Final = (SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2)
"""For which uWSGI sets handlers of its own in a worker, in C: Python's stay where they are, and are
not called.
"""
NO_APP: Final = "--- no python application found, check your startup logs for errors ---"


class _NoApp(Exception):
    """There is no app where the options say; the message is uWSGI's, if it has one."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _shown(error: BaseException) -> str:
    """As C code prints it: without a traceback where there is no frame but ours."""
    if all(
        frame.f_code.co_filename == __file__ for frame, _ in traceback.walk_tb(error.__traceback__)
    ):
        return "".join(traceback.format_exception_only(error)).rstrip("\n")
    return traceback_of(error)


# --- loading


def _find(options: dict[str, str]) -> Any:
    """The app that the options name; None if they name none. Raises _NoApp or what its module
    raises.
    """
    callable_name = options["--callable"] or "application"
    if path := options["--wsgi-file"]:
        try:
            with open(path, "rb") as file:
                code = compile(file.read(), path, "exec")
        except OSError:
            raise _NoApp(f"failed to open python file {path}") from None
        stem = path.removesuffix(".py").translate(str.maketrans("./-", "___"))
        module = ModuleType(f"uwsgi_file_{stem}")
        module.__file__ = path
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)
        app = module.__dict__.get(callable_name)
        if app is None:
            raise _NoApp(f'unable to find "application" callable in file {path}')
        if not callable(app):
            raise _NoApp(f'"application" must be a callable object in file {path}')
        return app
    if target := options["--module"]:
        name, colon, attribute = target.partition(":")
        attribute = attribute if colon else callable_name
        # Not importlib, whose frames would be in a traceback.
        __import__(name)
        module = sys.modules[name]
        app = module.__dict__.get(attribute.removesuffix("()"))
        if app is not None and attribute.endswith("()"):
            app = app()
        if app is None:
            raise _NoApp
        return app
    return None


def _load(configuration: Configuration) -> Any:
    """The app, or None; SystemExit where uWSGI does not go on without one."""
    pid = configuration.pid
    begun = time.monotonic()
    app = None
    try:
        app = _find(configuration.options)
        if app is not None:
            seconds = int(time.monotonic() - begun)
            _say(
                f"WSGI app 0 (mountpoint='') ready in {seconds} seconds on interpreter {id(sys):#x}"
                f" pid: {pid} (default app)"
            )
    except BaseException as error:
        text = str(error) if isinstance(error, _NoApp) else _shown(error)
        if text:
            _say(text)
        _say("unable to load app 0 (mountpoint='') (callable not found or import error)")
    if app is None:
        if configuration.options["--need-app"] == "true":
            _say("*** no app loaded. GAME OVER ***")
            raise SystemExit(FAILED_APP)
        _say("*** no app loaded. going in full dynamic mode ***")
    return app


_configuration: Configuration
"""This process's."""


def _number() -> int:
    return _configuration.slot


def _master_pid() -> int:
    if not _configuration.child:
        return 0
    return _configuration.ppid if _number() else _configuration.pid


def _install_module() -> None:
    """The module ``uwsgi``, as far as it tells what is so."""
    module = ModuleType("uwsgi")
    module.__dict__.update(
        version=b"2.0.31",
        applications=None,
        masterpid=_master_pid,
        worker_id=_number,
    )
    sys.modules["uwsgi"] = module


# --- calling the app


def _digits(text: str) -> int:
    return int("".join(takewhile(str.isdigit, text)) or 0)


class _CountedBody(_Body):
    consumed = 0

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self.consumed += count
        return count


class _Input(io.BufferedReader):
    """``wsgi.input``: errors say which call they are of, and the log what is missing."""

    def __init__(self, exchange: Exchange, length: int) -> None:
        self._bytes = _CountedBody(exchange)
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
            closed = " message: Client closed connection" if str(error) == "error" else ""
            _say(
                f"[uwsgi-body-read] {str(error).capitalize()} reading {left} bytes."
                f" Content-Length: {self._length} consumed: {consumed} left: {left}{closed}"
            )
            raise OSError(f"{error} during {name}({asked}) on wsgi.input") from None


def _latin1(text: Any, not_text: str, not_latin1: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(not_text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise TypeError(not_latin1) from None


class _Core:
    """A thread that takes requests, one after the other."""

    def __init__(self, number: int, app: Any, configuration: Configuration) -> None:
        self.number = number
        self.app = app
        self.configuration = configuration
        self.exchange = Exchange(number, KEYS | number if number else CONNECTIONS)
        self.answer: Answer
        self.stuck = False

    def _until_taken(self, reply: int) -> None:
        # In steps, what the client does not take waits in memory.
        while reply == PARK and waiting.SUSPENDS:
            wait(IO, self.exchange.key)
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
        if _wasgi.start_response(self.number, put_bytes(fields), True) != DONE:
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
        _say(NO_APP)
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
                _say(f"[ERROR] Unhandled object from iterator: {chunk!r} ({id(chunk):#x})")

    def _report(self, error: BaseException) -> None:
        if isinstance(error, SystemExit):
            # What Python makes of it where it prints an exception: the process ends.
            raise error
        _wasgi.raised_wsgi(self.number, put_text(traceback_of(error)), ANY_EXCEPTION, None, True)

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
                    _say(traceback_of(error))
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
                wait(IO, self.exchange.key)
            if reply == DATA:
                body += view[: number[0]]
                continue
            fits = length < buffer
            late = take_text(number[0] if reply == RAISE else 0).endswith("timeout") or (
                waits and fits
            )
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
        _wasgi.raised_wsgi(self.number, put_text(why), ANY_EXCEPTION, None, True)

    def serve(self) -> Generator[None, int]:
        """Takes requests until the worker is told to leave."""
        configuration = self.configuration
        log = Log(configuration.options, configuration.pid, configuration.slot)
        buffer = _digits(configuration.options["--post-buffering"])
        exchange = self.exchange
        respond = anew(self._respond)
        base = base_environ()
        base["uwsgi.version"] = b"2.0.31"
        if configuration.multithread:
            base["uwsgi.core"] = self.number
        base["uwsgi.node"] = os.uname().nodename.encode()
        while True:
            reply = _wasgi.next_request(self.number)
            if reply == PARK:
                yield from _parked(exchange.key)
                continue
            if reply == EXIT:
                return
            id = number[0]
            strings = iter(take_strings())
            environ: dict[str, Any] = dict(zip(strings, strings))
            self.answer = Answer(environ)
            variables = dict(environ)
            has_body = reply == REQUEST_WITH_BODY
            environ["wsgi.input"] = (
                _Input(exchange, _digits(environ["CONTENT_LENGTH"])) if has_body else io.BytesIO()
            )
            environ.update(base)
            request.set(id)
            if waiting.SUSPENDS:
                if has_body and buffer:
                    environ["wsgi.input"] = self._buffered(
                        _digits(environ["CONTENT_LENGTH"]), buffer
                    )
                if environ["wsgi.input"]:
                    respond(environ)
            else:
                from ...wsgi import stepped

                if has_body:
                    environ["wsgi.input"] = yield from stepped.whole_body(exchange.id)
                respond(environ)
                yield from stepped.flushed(exchange.id)
            request.set(0)
            del environ
            line = log.line(self.answer, variables, self.number)
            _wasgi.log_request(self.number, put_text(line))

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


def _parked(key: int = CONNECTIONS) -> Generator[None, int]:
    if waiting.SUSPENDS:
        wait(IO, key)
    else:
        from ...threads import stepping

        yield from stepping.parked()


def _watch_modules(configuration: Configuration, seconds: int) -> None:
    if not waiting.SUSPENDS:
        _say(
            "wasgi: --py-autoreload does nothing: this browser gives an app no threads (it lacks"
            " JSPI)."
        )
        return
    from . import reloader

    ignored = configuration.options["--py-auto-reload-ignore"].split()
    reloader.start(seconds, ignored, _number(), _master_pid(), configuration.cwd)


def main(configuration: Configuration) -> Generator[int | None, int]:
    """Runs until the worker is told to leave; SystemExit says with which code. A generator: see
    ``threads.stepping``.
    """
    threads = max(1, _digits(configuration.options["--threads"]))
    if threads > 1 and not waiting.SUSPENDS:
        _say(NO_THREADS)
        raise SystemExit(1)
    global _configuration
    _configuration = configuration
    sys.argv = ["uwsgi", *configuration.options["--pyargv"].split()]
    _install_module()
    app = _load(configuration)
    if configuration.slot == MASTER:
        _configuration = configuration = yield from forking.workers(knows=False)
        for signal in _SIGNALS:
            _wasgi.set_disposition(signal, SIGNAL_DEFAULT)
    cores = [_Core(number, app, configuration) for number in range(threads)]
    cores[0].name()
    if seconds := _digits(configuration.options["--py-auto-reload"]):
        _watch_modules(configuration, seconds)
    while _wasgi.accept() == PARK:
        yield from _parked()
    handles = [_thread.start_joinable_thread(core.run) for core in cores[1:]]
    yield from cores[0].serve()
    for core, handle in zip(cores[1:], handles):
        if not core.stuck:
            handle.join()
    if code := _wasgi.exit_code():
        raise SystemExit(code)
