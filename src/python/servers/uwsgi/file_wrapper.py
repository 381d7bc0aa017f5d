"""uWSGI's ``wsgi.file_wrapper``: a function in C that gives back the file, and notes it. An app
that returns the file has it sent as a whole, wherever it stood.
"""

from typing import Any


class FileWrapper:
    """The function, for the requests of one core."""

    def __init__(self) -> None:
        self._file: Any = self
        self.block_size = 0

    def __call__(self, *arguments: Any) -> Any:
        if not 1 <= len(arguments) <= 2:
            bound = "at least 1 argument" if not arguments else "at most 2 arguments"
            raise TypeError(f"uwsgi_sendfile() takes {bound} ({len(arguments)} given)")
        file, *size = arguments
        if not all(isinstance(number, int) for number in size):
            name = type(size[0]).__name__
            raise TypeError(f"'{name}' object cannot be interpreted as an integer")
        if not hasattr(file, "read"):
            raise AttributeError("object has no attribute 'read'")
        self._file = file
        self.block_size = size[0] if size else 0
        return file

    def __repr__(self) -> str:
        return "<built-in function uwsgi_sendfile>"

    def is_around(self, result: Any) -> bool:
        """Whether an app has returned what it was last called with; it is forgotten."""
        file, self._file = self._file, self
        return result is file

    def descriptor(self, file: Any) -> int | None:
        """The file's descriptor, if it has one."""
        try:
            number = file if isinstance(file, int) else file.fileno()
        except Exception:
            return None
        return number if isinstance(number, int) and number >= 0 else None


# What an app sees of a function in C.
FileWrapper.__name__ = FileWrapper.__qualname__ = "builtin_function_or_method"
FileWrapper.__module__ = "builtins"
