"""gunicorn's gevent worker: this thread is the hub, which accepts; a green thread serves each
connection.

What happens to a connection is decided in Rust (src/workers/threaded/green.rs), and that no thread
is made to let go of the GIL (src/event_loop/): like greenlets, threads go on until they wait.
"""

import _thread
import time
from collections.abc import Callable
from types import FrameType

import _wasgi
from _wasgi import CLIENTS, CONNECTION, DONE, EXIT, IO, REQUEST_WITH_BODY, SLEEP

from ...bridge.buffer import number
from ...gevent import errors as gevent_errors
from ...gevent import greenlet as gevent_greenlet
from ...gevent import modules as gevent_modules
from ...threads.waiting import CONNECTIONS, request, wait, wait_for_connections
from ...wsgi.cycle import App, Cycle, gunicorn_environ
from .options import Configuration
from .threaded import WAITS, ThreadedWorker, patience

_next_connection = _wasgi.next_connection
_connection_request = _wasgi.connection_request


class Worker(ThreadedWorker):
    """A worker process."""

    def __init__(self, configuration: Configuration) -> None:
        gevent_modules.install()
        gevent_errors.on_system_error = self.leave
        self.left: BaseException | None = None
        self.serve: Callable[[int], None] = self.serve_requests
        self.configuration = configuration
        self.set_signal_handlers()

    def handle_quit(self, _number: int, _frame: FrameType | None) -> None:
        """Leaves at once: in a green thread of its own, so that it may wait."""
        _thread.start_new_thread(self._quit, ())

    def _quit(self) -> None:
        _wasgi.stop()
        time.sleep(0.1)
        self.leave(SystemExit(0))

    def leave(self, error: BaseException) -> None:
        """Ends the hub."""
        self.left = error
        _wasgi.wake_all(CONNECTIONS)

    def run(self, app: App) -> None:
        """Runs until the worker has been told to stop, and has."""
        self.app = app
        self.base = gunicorn_environ()
        if self.configuration.python_responses:
            from . import pywsgi

            self.serve = pywsgi.Server(app, self.configuration).serve
        begun = False
        while self.left is None:
            reply = _next_connection()
            if reply == CONNECTION:
                _thread.start_new_thread(self.handle, (number[0],))
                begun = True
            elif reply == EXIT:
                return
            elif begun:
                # They go first: one that computes keeps the hub from accepting more.
                begun = False
                wait(SLEEP, None, 0.0)
            else:
                wait_for_connections()
        raise self.left

    def handle(self, connection: int) -> None:
        """A connection's green thread."""
        try:
            self.serve(connection)
        except gevent_errors.GreenletExit:
            # Killed where it waited for a request.
            pass
        finally:
            gevent_greenlet.unregister()

    def serve_requests(self, connection: int) -> None:
        """Serves a connection's requests."""
        cycle = Cycle(connection, CLIENTS | connection)
        while (reply := _connection_request(connection)) != DONE:
            if reply in WAITS:
                wait(IO, cycle.key, patience(reply))
                continue
            request.set(connection)
            try:
                cycle.run(self.app, cycle.environ(self.base, reply == REQUEST_WITH_BODY))
            finally:
                request.set(None)
