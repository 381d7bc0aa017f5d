"""WSGI where the main thread cannot be suspended (see ``threads.stepping``): an app gets its
request when the body is there, and the answer waits in memory for the client.
"""

import io
from typing import Any

import _wasgi
from _wasgi import DATA, DONE, END, EXIT, PARK, REQUEST_WITH_BODY

from ..bridge.buffer import SIZE, number, view
from ..bridge.through_c import through_c
from ..threads.stepping import Steps, wait_for_connections
from ..threads.waiting import CONNECTIONS, request
from . import cycle as wsgi
from .gunicorn_objects import Body


class _Body(io.RawIOBase):
    """A request body that has come whole, as far as it came."""

    def __init__(self, data: bytes, error: Exception | None) -> None:
        self._data = io.BytesIO(data)
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """At least one byte, or none at the end of the body; raises what the server raises
        there.
        """
        count = self._data.readinto(buffer)
        if not count and len(buffer) and self._error is not None:
            raise self._error
        return count


class _Cycle(wsgi.Cycle):
    """Takes all that the app writes, however slow the client is."""

    def _until_taken(self, reply: int) -> None:
        super()._until_taken(DONE if reply == PARK else reply)


def whole_body(id: int) -> Steps[io.BufferedReader]:
    """The body of a request, once the client has sent it."""
    parts: list[bytes] = []
    error: Exception | None = None
    while (reply := _wasgi.read_body(id, SIZE)) != END:
        if reply == DATA:
            parts.append(bytes(view[: number[0]]))
        elif reply == PARK:
            yield from wait_for_connections()
        else:
            error = wsgi.body_error(reply)
            break
    return io.BufferedReader(_Body(b"".join(parts), error))


def flushed(id: int) -> Steps[None]:
    """Waits until the client has taken the answer."""
    while _wasgi.flushed(id) == PARK:
        yield from wait_for_connections()


def serve(app: wsgi.App) -> Steps[None]:
    """A sync worker. The app gets a request when its body is there."""
    base = wsgi.gunicorn_environ()
    cycle = _Cycle(0, CONNECTIONS)
    run = through_c(cycle.run, app)
    while True:
        reply = _wasgi.next_request(0)
        if reply == PARK:
            yield from wait_for_connections()
            continue
        if reply == EXIT:
            return
        request.set(number[0])
        environ = cycle.environ(base, False)
        if reply == REQUEST_WITH_BODY:
            whole = yield from whole_body(cycle.id)
            environ["wsgi.input"] = Body(whole.read)
        run(environ)
        yield from flushed(cycle.id)
        request.set(None)
        del environ
