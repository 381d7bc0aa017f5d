"""gunicorn's gthread worker: this thread accepts connections and keeps idle ones, a pool's threads
serve their requests.

What happens to a connection is decided in Rust (src/workers/threaded.rs); here are the threads.
"""

import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType
from typing import Final

import _wasgi

from ...bridge.through_c import anew
from ...process.configuration import Configuration
from ...threads.waiting import CONNECTIONS, IO, park, request, wait
from ...wsgi.exchange import KEYS, App, Exchange, base_environ
from .threaded import Signalled, patience

PATIENCE: Final = 5.0
"""How long a thread of the pool waits for the rest of a body that the app has not read."""

_next_connection = _wasgi.next_connection
_take = _wasgi.take
_end = _wasgi.end
_finish_request = _wasgi.finish_request
_wake_all = _wasgi.wake_all


class Worker(Signalled):
    """A worker process."""

    def __init__(self, configuration: Configuration) -> None:
        self.pool = ThreadPoolExecutor(max_workers=configuration.threads)
        self.finished: deque[tuple[int, Future[None]]] = deque()
        self.hear_signals()

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
        self.base = base_environ()
        handle = anew(self.handle)
        while True:
            while self.finished:
                self.finish(*self.finished.popleft())
            connection = _next_connection()
            if connection > 0:
                future = self.pool.submit(handle, connection)
                future.add_done_callback(
                    lambda future, connection=connection: self.done(connection, future)
                )
            elif connection == 0:
                if not self.finished:
                    park()
            else:
                break
        self.pool.shutdown(wait=False)

    def finish(self, connection: int, future: Future[None]) -> None:
        """A thread of the pool is done with a connection."""
        # SystemExit and its like end gunicorn's main thread where they end one of the pool's.
        future.result()
        while _finish_request(connection):
            park()

    # --- the pool's threads

    def handle(self, connection: int) -> None:
        """Serves one request of a connection."""
        exchange = Exchange(connection, KEYS | connection)
        while (event := _take(connection)) < 0:
            wait(IO, exchange.key, patience(event))
        if event == 0:
            return
        request.set(connection)
        try:
            exchange.run(self.app, exchange.environ(self.base, event == 2))
        finally:
            request.set(0)
        while _end(connection):
            wait(IO, exchange.key, PATIENCE)

    def done(self, connection: int, future: Future[None]) -> None:
        """Leaves the rest to the main thread."""
        self.finished.append((connection, future))
        _wake_all(CONNECTIONS)
