"""What the command line and the machine say to this process."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import _wasgi

MASTER: Final = 0
"""The slot of a master's own process."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """As Rust has parsed it: see src/browser/process/configuration.rs."""

    server: Literal["gunicorn", "uvicorn", "uwsgi", "daphne"]
    interface: Literal["wsgi", "asgi"]
    module: str
    attribute: str
    factory: bool
    target: str
    """The app as the command line writes it."""
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
    python_responses: bool
    """Whether responses are written in Python (gunicorn's asgi worker)."""
    green: bool
    """Whether threads let go of the GIL only where they wait."""
    multithread: bool
    multiprocess: bool
    threads: int | None
    """Threads in the worker's pool, if it has one."""
    max_requests: int | None
    """The process retires after so many, if it does."""
    heartbeat: float | None
    """Seconds between two heartbeats of the event loop, if any is expected."""
    graceful_timeout: float | None
    """Seconds that requests get to finish at a stop; None: as long as they want."""
    options: dict[str, str]
    """Options as the command line gives them, where only this package reads them."""


def read() -> Configuration:
    """Asks Rust. Its object is converted at once: a process that kept one could not be forked."""
    told: dict[str, Any] = _wasgi.configuration().to_py()
    return Configuration(
        **told
        | {
            "python_path": tuple(told["python_path"]),
            "argv": tuple(told["argv"]),
            "address": tuple(told["address"]),
        }
    )
