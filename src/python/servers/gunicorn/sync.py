"""gunicorn's sync worker: its thread takes one request at a time."""

from typing import Any

import _wasgi
from _wasgi import PARK, REQUEST, REQUEST_WITH_BODY, TURN, YIELD

from ...bridge.buffer import number
from ...bridge.through_c import through_c
from ...threads.waiting import CONNECTIONS, request, wait_for_connections, yield_now
from ...wsgi.cycle import App, Cycle, gunicorn_environ

_next_request_or_yield = _wasgi.next_request_or_yield


def serve(app: App) -> None:
    """Takes requests until the worker is told to leave."""
    turn = through_c(_turn, app, gunicorn_environ(), Cycle(0, CONNECTIONS))
    while turn():
        pass


def _turn(app: App, base: dict[str, Any], cycle: Cycle) -> bool:
    """Takes a request, or waits for one; returns whether to go on."""
    reply = _next_request_or_yield()
    if reply == REQUEST or reply == REQUEST_WITH_BODY:
        request.set(number[0])
        environ = cycle.environ(base, reply == REQUEST_WITH_BODY)
        cycle.run(app, environ)
        request.set(None)
    elif reply == PARK:
        wait_for_connections()
    elif reply == YIELD:
        yield_now()
    elif reply == TURN:
        yield_now(to_messages=True)
    else:
        return False
    return True
