"""What the command line and the machine say to this process."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal

import _wasgi

MASTER: Final = 0
"""The slot of a master's own process."""


@dataclass(frozen=True, slots=True)
class Configuration[Options]:
    """As Rust has parsed it: see src/browser/process/configuration.rs. The options are those of the
    server, as the ``options.py`` in its folder describes them.
    """

    server: Literal["gunicorn", "uvicorn", "uwsgi", "daphne"]
    interface: Literal["wsgi", "asgi"]
    pid: int
    ppid: int
    slot: int
    """The number that the process has with its master."""
    child: bool
    """Whether a master started this process."""
    master: bool
    """Whether this is gunicorn's master itself."""
    cwd: str
    """The working directory of the command."""
    directory: str
    """The working directory."""
    python_path: tuple[str, ...]
    argv: tuple[str, ...]
    """The command line."""
    address: tuple[str, int]
    """The first address to listen on."""
    lifespan: Literal["auto", "on", "off"]
    http: Literal["httptools", "h11"]
    """The library by which uvicorn speaks HTTP/1.1."""
    python_responses: bool
    """Whether responses are written in Python (gunicorn's asgi worker)."""
    worker_class: Literal["sync", "threaded", "green", "async"]
    """How requests are taken; green threads let go of the GIL only where they wait."""
    multithread: bool
    multiprocess: bool
    threads: int
    """Threads in the worker's pool, or that accept by themselves."""
    max_requests: int | None
    """The process retires after so many, if it does."""
    heartbeat: float | None
    """Seconds between two heartbeats of the event loop, if any is expected."""
    graceful_timeout: float | None
    """Seconds that requests get to finish at a stop; None: as long as they want."""
    keep_alive: float
    """Seconds that an idle connection is kept."""
    access_log: bool
    """Whether Rust or uvicorn's server logs requests."""
    forwarded_allow_ips: str
    """Peers whose forwarding headers are believed."""
    options: Options
    """What only this server is set to."""


def read() -> Configuration[Any]:
    """Asks Rust. Its object is converted at once: a process that kept one could not be forked."""
    told: dict[str, Any] = _wasgi.configuration().to_py()
    server = import_module(f"..servers.{told['server']}.options", __package__)
    options = server.Options(**_frozen(told["options"]))
    return Configuration(**_frozen(told) | {"options": options})


def _frozen(members: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in members.items()
    }
