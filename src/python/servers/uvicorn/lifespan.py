"""The lifespan protocol (ASGI lifespan 2.0) as uvicorn runs it: one task beside the server."""

import asyncio
from typing import Any

from ...asgi.application import App, Message
from ...bridge.log import ERROR, INFO, exception, log


class Lifespan:
    """Startup before the first accept, shutdown after the last answer."""

    def __init__(self, app: App, mode: str) -> None:
        self._app = app
        self._mode = mode
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._failed = False
        self._shutdown_failed = False
        self._unsupported = False
        self._task: asyncio.Task[None] | None = None
        self.should_exit = False
        self.state: dict[str, Any] = {}

    async def startup(self) -> None:
        """Returns when the app has started up; ``should_exit`` says that it failed to."""
        if self._mode == "off":
            return
        log(INFO, "Waiting for application startup.")
        self._task = asyncio.create_task(self._run())
        await self._queue.put({"type": "lifespan.startup"})
        await self._started.wait()
        if self._failed or (self._unsupported and self._mode == "on"):
            log(ERROR, "Application startup failed. Exiting.")
            self.should_exit = True
        else:
            log(INFO, "Application startup complete.")

    async def shutdown(self) -> None:
        """Returns when the app has shut down."""
        if self._mode == "off" or self._unsupported:
            return
        log(INFO, "Waiting for application shutdown.")
        await self._queue.put({"type": "lifespan.shutdown"})
        await self._stopped.wait()
        if self._shutdown_failed or (self._unsupported and self._mode == "on"):
            log(ERROR, "Application shutdown failed. Exiting.")
            self.should_exit = True
        else:
            log(INFO, "Application shutdown complete.")

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self._app(scope, self._queue.get, self._send)
        except BaseException as error:
            self._unsupported = True
            if self._failed or self._shutdown_failed:
                return
            if self._mode == "auto":
                log(INFO, "ASGI 'lifespan' protocol appears unsupported.")
            else:
                exception(ERROR, "Exception in 'lifespan' protocol", error)
        finally:
            self._started.set()
            self._stopped.set()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind.startswith("lifespan.startup.") and self._started.is_set():
            raise AssertionError("Got invalid state transition on lifespan protocol.")
        match kind:
            case "lifespan.startup.complete":
                self._started.set()
            case "lifespan.startup.failed":
                self._failed = True
                self._started.set()
                if message.get("message"):
                    log(ERROR, message["message"])
            case "lifespan.shutdown.complete":
                self._stopped.set()
            case "lifespan.shutdown.failed":
                self._shutdown_failed = True
                self._stopped.set()
                if message.get("message"):
                    log(ERROR, message["message"])
            case _:
                raise AssertionError(f"Unexpected ASGI message '{kind}' in lifespan")
