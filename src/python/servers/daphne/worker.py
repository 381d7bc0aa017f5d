"""The life of a daphne process, from loading the app to its end."""

import asyncio
import logging
import sys
from collections.abc import Generator
from typing import Any

from ...asgi.application import asgi3, finish_imports
from ...bridge.tracebacks import traceback_of
from ...event_loop import loop as event_loop
from ...threads import waiting
from .loading import load
from .options import Configuration
from .server import Server


class _Formatter(logging.Formatter):
    """Tracebacks without the frames of this package."""

    def formatException(self, ei: Any) -> str:
        return traceback_of(ei[1], ei[2])


def main(configuration: Configuration) -> Generator[None, int]:
    """Runs until the server is told to leave; SystemExit says with which code. A generator: see
    ``threads.stepping``.
    """
    options = configuration.options
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(options.log_format or "%(asctime)-15s %(levelname)-8s %(message)s")
    )
    verbosity = options.verbosity
    level = logging.WARNING if verbosity <= 0 else logging.INFO if verbosity == 1 else logging.DEBUG
    logging.basicConfig(level=level, handlers=[handler])
    app = asgi3(load(options.app))
    finish_imports()
    host, port = configuration.address
    logging.getLogger("daphne.cli").info(f"Starting server at tcp:port={port}:interface={host}")

    async def serve() -> None:
        await Server(app, configuration).serve()

    # Not asyncio.run(), which would make SIGINT an exception in this thread.
    def install[Loop: event_loop.EventLoop](loop: Loop) -> Loop:
        asyncio.set_event_loop(loop)
        loop.set_debug(verbosity >= 3)
        return loop

    if waiting.SUSPENDS:
        install(event_loop.EventLoop()).run_until_complete(serve())
        return
    from ...event_loop.stepped import SteppedLoop

    loop = install(SteppedLoop())
    yield from loop.until_done(loop.create_task(serve()))
