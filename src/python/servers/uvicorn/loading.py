"""Finds the app that uvicorn's command line names, by its rules and with its messages."""

import importlib
from typing import Any


class ImportFromStringError(Exception):
    """uvicorn could not find the app: one line of log, exit code 3."""


def load(target: str) -> Any:
    """uvicorn's ``module:attribute.name``.

    Raises ImportFromStringError, or whatever importing the module raises.
    """
    module_name, _, names = target.partition(":")
    if not module_name or not names:
        raise ImportFromStringError(
            f'Import string "{target}" must be in format "<module>:<attribute>".'
        )
    try:
        app = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise ImportFromStringError(f'Could not import module "{module_name}".') from None
    try:
        for name in names.split("."):
            app = getattr(app, name)
    except AttributeError:
        raise ImportFromStringError(
            f'Attribute "{names}" not found in module "{module_name}".'
        ) from None
    return app
