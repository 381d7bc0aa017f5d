"""The host module as these tests have it: every call goes to the object that a test has put in
``host``.
"""

from typing import Any

host: Any = None
gate = object()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)

    def call(*args: Any) -> Any:
        return getattr(host, name)(*args)

    return call
