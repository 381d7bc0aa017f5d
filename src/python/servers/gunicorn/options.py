"""What only gunicorn is set to."""

from dataclasses import dataclass

from ...process import configuration as process


@dataclass(frozen=True, slots=True)
class Options:
    """As Rust has parsed it: see src/servers/gunicorn/settings.rs."""

    module: str
    attribute: str
    """The app in its module: a name or a call."""
    import_string: str
    """The app as the command line writes it."""
    timeout: float | None
    """Seconds that a worker may be silent, if there is a limit."""
    access_log_format: str | None
    """The format of the access log, if there is one."""
    sends_files: bool
    """Whether files are sent as the kernel does."""
    reload_engine: str | None
    """What watches the files of the app's modules, where ``--reload`` is given."""
    reload_extra_files: tuple[str, ...]
    worker_hooks: tuple[str, ...]
    """The hooks of the configuration file that workers run."""
    root_path: str
    asgi_disconnect_grace_period: int
    """Seconds that the asgi worker lets an app go on whose client is gone."""


type Configuration = process.Configuration[Options]
