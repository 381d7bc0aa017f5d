"""What the command line and the machine say to this process."""

from dataclasses import dataclass
from typing import Final

import _wasgi

from ..bridge.buffer import take_strings

MASTER: Final = 0
"""The slot of a master's own process."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """As Rust has parsed it."""

    server: str
    """``gunicorn``, ``uvicorn``, ``uwsgi`` or ``daphne``."""
    interface: str
    """``wsgi`` or ``asgi``."""
    module: str
    attribute: str
    factory: bool
    target: str
    """The app as the command line writes it."""
    pid: int
    ppid: int
    child: bool
    """Whether a master started this process."""
    cwd: str
    """The working directory of the command."""
    directory: str
    """The working directory."""
    python_path: list[str]
    lifespan: str
    """``auto``, ``on`` or ``off``."""
    python_responses: bool
    """Whether responses are written in Python (gunicorn's asgi worker)."""
    green: bool
    """Whether threads let go of the GIL only where they wait."""
    multithread: bool
    multiprocess: bool
    graceful_timeout: float
    """Seconds that requests get to finish at a stop; negative: as long as they want."""
    heartbeat: float
    """Seconds between two heartbeats of the event loop; 0: none is expected."""
    threads: int | None
    """Threads in the worker's pool, if it has one."""
    max_requests: int
    """The process retires after so many; 0: never."""
    argv: list[str]
    """The command line."""
    master: bool
    """Whether this is gunicorn's master itself."""
    address: tuple[str, int]
    """The first address to listen on."""
    slot: int
    """The number that the process has with its master."""
    options: dict[str, str]
    """Options as the command line gives them, where only this package reads them."""


def read() -> Configuration:
    """Asks Rust."""
    _wasgi.configuration()
    strings = iter(take_strings())
    values = dict(zip(strings, strings))
    return Configuration(
        server=values["server"],
        interface=values["interface"],
        module=_text(values["module"]),
        attribute=_text(values["attribute"]),
        factory=values["factory"] == "1",
        target=_text(values["target"]),
        pid=int(values["pid"]),
        ppid=int(values["ppid"]),
        child=values["child"] == "1",
        cwd=_text(values["cwd"]),
        directory=_text(values["directory"]),
        python_path=[_text(path) for path in values["python_path"].split("\0") if path],
        lifespan=values["lifespan"],
        python_responses=values["python_responses"] == "1",
        green=values["green"] == "1",
        multithread=values["multithread"] == "1",
        multiprocess=values["multiprocess"] == "1",
        graceful_timeout=float(values["graceful_timeout"]),
        heartbeat=float(values["heartbeat"]),
        threads=int(values["threads"]) if values["threads"] else None,
        max_requests=int(values["max_requests"]),
        argv=_text(values["argv"]).split("\0"),
        master=values["master"] == "1",
        address=(values["host"], int(values["port"])),
        slot=int(values["slot"]),
        options={name: _text(value) for name, value in values.items() if name.startswith("--")},
    )


def _text(latin1: str) -> str:
    return latin1.encode("latin-1").decode()
