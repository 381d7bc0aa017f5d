"""The host module as these tests have it: every call goes to the object that a test has put in
``host``.
"""

from collections import defaultdict
from itertools import count
from typing import Any

host: Any = None
gate = object()

_numbers: defaultdict[str, int] = defaultdict(count(1000).__next__)
"""What stands for each name of the host's numbers: none that code could know without it."""


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name.isupper():
        return _numbers[name]

    def call(*args: Any) -> Any:
        return getattr(host, name)(*args)

    return call
