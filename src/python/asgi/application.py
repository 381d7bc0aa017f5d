"""ASGI applications (ASGI 3.0, "Applications"): their type, and what servers do to get one of it."""

import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

type Message = MutableMapping[str, Any]
type Scope = dict[str, Any]
type App = Callable[
    [Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


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
        single = inspect.iscoroutinefunction(getattr(app, "__call__", None))
    if single or not callable(app):
        return app  # type: ignore[no-any-return]
    return two_steps_app(app)


def two_steps_app(app: Any) -> App:
    async def two_steps(scope: Any, receive: Any, send: Any) -> None:
        await app(scope)(receive, send)

    return two_steps
