"""Finds the app that daphne's command line names, by its rules."""

import importlib
from typing import Any


def load(target: str) -> Any:
    """daphne's ``module:attribute.name``; raises whatever goes wrong."""
    module_name, names = target.split(":", 1)
    app = importlib.import_module(module_name)
    for name in names.split("."):
        app = getattr(app, name)
    return app
