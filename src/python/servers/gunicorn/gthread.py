"""gunicorn's gthread worker: this thread accepts connections and keeps idle ones, a pool's threads
serve their requests.

What happens to a connection is decided in Rust (src/workers/threaded.rs); here are the threads.
"""

import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import FrameType
from typing import Final

import _wasgi
from _wasgi import CLIENTS, CONNECTION, DONE, IO, PARK, REQUEST_WITH_BODY

from ...bridge.buffer import number
from ...bridge.through_c import through_c
from ...threads.waiting import CONNECTIONS, request, wait, wait_for_connections
from ...wsgi.cycle import App, Cycle, gunicorn_environ
from .options import Configuration
from .threaded import WAITS, ThreadedWorker, patience

PATIENCE: Final = 5.0
"""How long a thread of the pool waits for the rest of a body that the app has not read."""

_next_connection = _wasgi.next_connection
_connection_request = _wasgi.connection_request
_end_request = _wasgi.end_request
_release_connection = _wasgi.release_connection
_wake_all = _wasgi.wake_all


class Worker(ThreadedWorker):
    """A worker process."""

    def __init__(self, configuration: Configuration) -> None:
        self.pool = ThreadPoolExecutor(max_workers=configuration.threads)
        self.finished: deque[tuple[int, Future[None]]] = deque()
        self.set_signal_handlers()

    # --- the main thread

    def handle_quit(self, _number: int, _frame: FrameType | None) -> None:
        """Leaves at once; the interpreter then waits for the pool's threads."""
        self.pool.shutdown(wait=False)
        _wasgi.stop()
        time.sleep(0.1)
        sys.exit(0)

    def run(self, app: App) -> None:
        """Runs until the worker has been told to stop, and has."""
        self.app = app
        self.base = gunicorn_environ()
        handle = through_c(self.handle)
        while True:
            while self.finished:
                self.finish(*self.finished.popleft())
            reply = _next_connection()
            if reply == CONNECTION:
                connection = number[0]
                future = self.pool.submit(handle, connection)
                future.add_done_callback(partial(self.done, connection))
            elif reply == PARK:
                if not self.finished:
                    wait_for_connections()
            else:
                break
        self.pool.shutdown(wait=False)

    def finish(self, connection: int, future: Future[None]) -> None:
        """A thread of the pool is done with a connection."""
        # SystemExit and its like end gunicorn's main thread where they end one of the pool's.
        future.result()
        while _release_connection(connection):
            wait_for_connections()

    # --- the pool's threads

    def handle(self, connection: int) -> None:
        """Serves one request of a connection."""
        cycle = Cycle(connection, CLIENTS | connection)
        while (reply := _connection_request(connection)) in WAITS:
            wait(IO, cycle.key, patience(reply))
        if reply == DONE:
            return
        request.set(connection)
        try:
            cycle.run(self.app, cycle.environ(self.base, reply == REQUEST_WITH_BODY))
        finally:
            request.set(None)
        while _end_request(connection):
            wait(IO, cycle.key, PATIENCE)

    def done(self, connection: int, future: Future[None]) -> None:
        """Leaves the rest to the main thread."""
        self.finished.append((connection, future))
        _wake_all(CONNECTIONS)
