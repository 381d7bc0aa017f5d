"""What only uvicorn is set to."""

from dataclasses import dataclass
from typing import Literal

from ...process import configuration as process


@dataclass(frozen=True, slots=True)
class Options:
    """As Rust has parsed it: see src/servers/uvicorn/settings.rs."""

    module: str
    attribute: str
    import_string: str
    """The app as the command line writes it."""
    factory: bool
    """Whether the attribute is called without arguments for the app."""
    interface: Literal["auto", "asgi3", "asgi2", "wsgi"]
    env_file: str | None
    reset_contextvars: bool
    """Whether each request has a context of its own."""
    warning: str | None
    """What is wrong with the options, and does not matter."""
    legacy_websockets: bool
    """``--ws websockets``, of which uvicorn warns."""


type Configuration = process.Configuration[Options]
