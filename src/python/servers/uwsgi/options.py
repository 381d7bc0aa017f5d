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
    mounts: tuple[str, ...]
    """``mountpoint=file or module`` of further apps."""
    single_interpreter: bool
    """Whether apps share their modules."""
    manage_script_name: bool
    """Whether the mountpoint of an app is taken off the path."""
    ignore_script_name: bool
    default_app: bool
    """Whether there is an app for paths that are no other's."""
    pyargv: str
    """The words of ``sys.argv`` after its first."""
    py_auto_reload: int | None
    """Seconds between two looks at the files of modules."""
    py_auto_reload_ignore: str
    post_buffering: int | None
    """Bodies of more bytes are read before the app is called."""
    check_static: tuple[str, ...]
    """Directories in which the path is looked for before the app is."""
    static_maps: tuple[str, ...]
    """``prefix=directory``, of which the prefix is taken off the path."""
    static_maps2: tuple[str, ...]
    """``prefix=directory``, to which the whole path is appended."""
    static_skip_ext: tuple[str, ...]
    """Endings of files that are left to the app."""
    static_index: tuple[str, ...]
    """What is looked for in a directory."""
    static_safe: tuple[str, ...]
    """Directories that links may lead to."""
    static_expires_type: tuple[str, ...]
    """``type=seconds`` after the request at which an answer expires."""
    static_expires_type_mtime: tuple[str, ...]
    """``type=seconds`` after the file's change at which an answer expires."""
    static_gzip_all: bool
    """Whether a compressed variant of each file is looked for."""
    static_gzip_dir: tuple[str, ...]
    """Prefixes of files that may have one."""
    static_gzip_ext: tuple[str, ...]
    """Endings of files that may have one."""
    mime_files: tuple[str, ...]
    """Files with media types, if the command line names any."""
    honour_range: bool
    """Whether a part of a file may be asked for."""
    file_serve_header: str | None
    """The header that names the file to a proxy, which sends it."""
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
