"""Where Python looks for modules: ``sys.path``."""

import os
import sys


def search_first(directories: list[str]) -> None:
    """Puts directories before everything else on ``sys.path``."""
    for directory in reversed(directories):
        path = os.path.abspath(directory)
        if path in sys.path:
            sys.path.remove(path)
        sys.path.insert(0, path)
