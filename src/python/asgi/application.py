"""ASGI applications (ASGI 3.0, "Applications"): their type, and what servers do to get one."""

import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

type Message = MutableMapping[str, Any]
type Scope = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Scope, Receive, Send], Awaitable[object]]
"""It should return nothing; servers complain where it does."""


def finish_imports() -> None:
    """Imports what AnyIO, where the app has it, would import at the first request.

    A real interpreter does that in a few milliseconds; here it would show in the first request's
    time.
    """
    if "anyio" in sys.modules:
        importlib.import_module("anyio._backends._asyncio")


def asgi3(app: Any) -> App:
    """ASGI 2 apps, which take the scope first, behind the ASGI 3 signature."""
    if inspect.isclass(app):
        single = hasattr(app, "__await__")
    elif inspect.isfunction(app):
        single = inspect.iscoroutinefunction(app)
    else:
        single = inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004
    if single or not callable(app):
        single_callable: App = app
        return single_callable
    return two_steps_app(app)


def two_steps_app(app: Any) -> App:
    """An ASGI 2 app behind the ASGI 3 signature."""

    async def two_steps(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope)(receive, send)

    return two_steps
