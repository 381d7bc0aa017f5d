"""The lifespan protocol (ASGI lifespan 2.0) as gunicorn's own ASGI worker runs it."""

import asyncio
from typing import Any, Final

from ...asgi.application import App, Message, Scope
from ...bridge.log import ERROR, WARNING, log

TIMEOUT: Final = 30.0
"""Seconds that the app has to start, and to stop."""


class StartupFailed(RuntimeError):
    """The app has said that it cannot start."""


class Lifespan:
    """The lifespan protocol as gunicorn runs it."""

    def __init__(self, app: App, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.failed: RuntimeError | None = None
        self.stop_error = ""
        self.task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Returns when the app has started; raises where it has not."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "state": self.state,
        }
        await self.queue.put({"type": "lifespan.startup"})
        self.task = asyncio.create_task(self._run(scope))
        try:
            await asyncio.wait_for(self.started.wait(), TIMEOUT)
        except TimeoutError:
            self.task.cancel()
            raise RuntimeError("Lifespan startup timed out") from None
        if self.failed:
            self.task.cancel()
            raise self.failed

    async def shutdown(self) -> None:
        """Returns when the app has stopped."""
        if self.task is None or self.task.done():
            return
        await self.queue.put({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self.stopped.wait(), TIMEOUT)
        except TimeoutError:
            log(WARNING, "Lifespan shutdown timed out")
        if self.stop_error:
            log(ERROR, f"Lifespan shutdown error: {self.stop_error}")
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _run(self, scope: Scope) -> None:
        error = "Application exited before startup complete"
        try:
            await self.app(scope, self.queue.get, self._send)
        except Exception as raised:
            error = self.stop_error = str(raised)
        finally:
            if not self.started.is_set():
                self.failed = RuntimeError(f"Lifespan startup failed: {error or 'Unknown error'}")
                self.started.set()
            self.stopped.set()

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                self.started.set()
            case "lifespan.startup.failed":
                reason = message.get("message", "") or "Unknown error"
                self.failed = StartupFailed(f"Lifespan startup failed: {reason}")
                self.started.set()
            case "lifespan.shutdown.complete":
                self.stopped.set()
            case "lifespan.shutdown.failed":
                self.stop_error = message.get("message", "")
                self.stopped.set()
