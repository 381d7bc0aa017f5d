"""The hooks of gunicorn's configuration file that workers run.

A worker is a fork of its master and has the configuration from it. Where the master could not fork,
it reads the file for itself, silently.
"""

import contextlib
import io
import os
import signal
import sys
import time
import traceback
from types import FrameType
from typing import Any, NoReturn

import _wasgi

from ...wsgi import cycle as wsgi
from ...wsgi.cycle import App, Cycle
from . import settings
from .arbiter import Arbiter
from .options import Configuration


class Request:
    """What ``pre_request`` and ``post_request`` see of a request."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.uri: str = environ["RAW_URI"]
        self.path, _, self.query = self.uri.partition("#")[0].partition("?")
        self.fragment: str = self.uri.partition("#")[2]
        self.version = tuple(map(int, environ["SERVER_PROTOCOL"].removeprefix("HTTP/").split(".")))
        self.scheme: str = environ["wsgi.url_scheme"]
        self.remote_addr = self.peer_addr = (environ["REMOTE_ADDR"], int(environ["REMOTE_PORT"]))
        self.headers = [
            (name.removeprefix("HTTP_").replace("_", "-"), value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
        ]
        self.trailers: list[tuple[str, str]] = []
        self.body = environ["wsgi.input"]


class Response:
    """What ``post_request`` sees of the answer."""

    def __init__(self, req: Request) -> None:
        self.req = req
        self.status: str | None = None
        self.status_code: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.headers_sent = False


class Worker:
    """The ``worker`` that hooks are given."""

    def __init__(self, configuration: Configuration, server: Any = None) -> None:
        """``server`` is the master that this process is a fork of, if it is one."""
        self.age = configuration.slot
        self.pid = os.getpid()
        self.ppid = os.getppid()
        if server is None:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                server = _server(settings.application(configuration, Arbiter), self.ppid)
            server.log = server.cfg.logger_class(server.cfg)
        self.server = server
        self.app = server.app
        self.cfg = server.cfg
        self.log = server.log
        self.sockets = self.server.LISTENERS
        self.timeout = self.cfg.timeout / 2
        self.booted = False
        self.aborted = False
        self.alive = True
        self.reloader = None
        self.nr = 0
        self.max_requests = configuration.max_requests or sys.maxsize
        # What pre_fork has given it.
        for name, value in vars(server.forking).items() if server.forking else ():
            if name not in vars(self):
                setattr(self, name, value)

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"

    def notify(self) -> None:
        """The heartbeat."""
        _wasgi.notify()

    # --- the moments

    def forked(self) -> None:
        """The process is there."""
        self.cfg.post_fork(self.server, self)

    def loaded(self, app: Any) -> None:
        """The app is there: the worker is about to run."""
        self.wsgi = app
        self._watch_signals()
        set_hooks = settings.hooks(self.cfg, ("pre_request", "post_request"))
        if set_hooks:
            self._watch_requests()
        self.cfg.post_worker_init(self)
        self.booted = True

    def interrupted(self) -> None:
        """The worker is told to leave because its files have changed."""
        self.alive = False
        self.cfg.worker_int(self)

    def exiting(self) -> None:
        """The process is about to end."""
        try:
            self.cfg.worker_exit(self.server, self)
        except Exception:
            self.log.warning("Exception during worker exit:\n%s", traceback.format_exc())

    def _watch_signals(self) -> None:
        config = self.cfg
        for hook, numbers in (
            ("worker_int", (signal.SIGQUIT, signal.SIGINT)),
            ("worker_abort", (signal.SIGABRT,)),
        ):
            if not settings.hooks(config, (hook,)):
                continue
            for number in numbers:
                before = signal.getsignal(number)
                # gthread has handlers of its own; the interpreter's is not one.
                leave = (
                    before
                    if callable(before) and before is not signal.default_int_handler
                    else None
                )

                def handle(
                    number: int, frame: FrameType | None, hook: str = hook, leave: Any = leave
                ) -> None:
                    self.alive = False
                    getattr(config, hook)(self)
                    if leave is not None:
                        leave(number, frame)
                    _leave(number)

                signal.signal(number, handle)

    def _watch_requests(self) -> None:
        worker = self
        run = Cycle.run

        def run_with_hooks(self: Cycle, app: App, environ: dict[str, Any]) -> None:
            req = Request(environ)
            resp = Response(req)

            def hooked(environ: dict[str, Any], start_response: Any) -> Any:
                worker.cfg.pre_request(worker, req)
                worker.nr += 1

                def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                    write = start_response(status, headers, exc_info)
                    resp.status = status
                    resp.status_code = int(status.split()[0])
                    resp.headers = list(headers)
                    return write

                return app(environ, start)

            try:
                run(self, hooked, environ)
                resp.headers_sent = resp.status is not None
            finally:
                try:
                    worker.cfg.post_request(worker, req, environ, resp)
                except Exception:
                    worker.log.exception("Exception in post_request hook")

        # Every request of this process.
        wsgi.Cycle.run = run_with_hooks  # type: ignore[method-assign]


def _leave(number: int) -> NoReturn:
    """What gunicorn's workers do on these signals."""
    if number == signal.SIGABRT:
        sys.exit(1)
    time.sleep(0.1)
    sys.exit(0)


def _server(app: Any, pid: int) -> Any:
    """The master as its worker remembers it."""
    server = Arbiter.__new__(Arbiter)
    server.__dict__.update(
        pid=pid,
        app=app,
        cfg=app.cfg,
        address=app.cfg.address,
        timeout=app.cfg.timeout,
        proc_name=app.cfg.proc_name,
        worker_class=app.cfg.worker_class_str,
        LISTENERS=[],
        WORKERS={},
        worker_age=0,
        reexec_pid=0,
        master_pid=0,
        master_name="Master",
        pidfile=None,
        systemd=False,
        _num_workers=app.cfg.workers,
        forking=None,
    )
    return server
