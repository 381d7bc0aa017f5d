"""What only uWSGI is set to."""

from dataclasses import dataclass

from ...process import configuration as process


@dataclass(frozen=True, slots=True)
class Options:
    """As Rust has parsed it: see src/servers/uwsgi/settings.rs."""

    need_app: bool
    """Whether there is no server without an app."""
    wsgi_file: str | None
    module: str | None
    callable: str | None
    """The app's name in its file or module."""
    pyargv: str
    """The words of ``sys.argv`` after its first."""
    py_auto_reload: int | None
    """Seconds between two looks at the files of modules."""
    py_auto_reload_ignore: str
    post_buffering: int | None
    """Bodies of more bytes are read before the app is called."""
    logs_requests: bool
    """Whether requests have a line, whatever the answer."""
    log_format: str | None
    """The format of their lines, if it is not uWSGI's own."""
    log_micros: bool
    log_x_forwarded_for: bool
    log_4xx: bool
    log_5xx: bool
    log_zero: bool
    log_slow: int | None
    """Answers that take so many milliseconds have a line."""
    log_big: int | None
    """Answers of so many bytes have a line."""


type Configuration = process.Configuration[Options]
