"""What only daphne is set to."""

from dataclasses import dataclass

from ...process import configuration as process


@dataclass(frozen=True, slots=True)
class Options:
    """As Rust has parsed it: see src/servers/daphne/settings.rs."""

    app: str
    """The app as the command line writes it."""
    access_log: bool
    """Whether ``--access-log`` was given."""
    log_format: str | None
    verbosity: int
    http_timeout: int
    """Seconds that a request may take; 0 and less: as long as it wants."""
    application_close_timeout: int
    """Seconds that an app gets to finish once its client is gone."""
    websocket_timeout: int
    """Seconds that a WebSocket may be open; less than 0: as long as it wants."""
    websocket_connect_timeout: int
    """Seconds that an app may take to accept a WebSocket."""
    ping_interval: int
    """Seconds between two pings of a WebSocket."""
    root_path: str
    proxy_headers: bool
    """Whether a proxy's headers are believed, which have these names."""
    proxy_headers_host: str
    proxy_headers_port: str
    server_name: str | None
    """The value of the header ``Server``, if there is to be one."""


type Configuration = process.Configuration[Options]
