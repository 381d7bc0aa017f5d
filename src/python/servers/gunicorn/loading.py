"""Finds the app that gunicorn's command line names, by its rules and with its messages."""

import ast
import importlib
import os
from typing import Any


class AppImportError(Exception):
    """gunicorn found the module but not the app in it: exit code 4, without a traceback but under
    ``--preload``.
    """

    __module__ = "gunicorn.errors"


def load(module_name: str, expression: str) -> Any:
    """gunicorn's ``module:name`` or ``module:factory("literal")``; attributes of attributes it does
    not take.

    Raises AppImportError, or whatever importing the module or calling the factory raises.
    """
    try:
        module = importlib.import_module(module_name)
    except ImportError:
        if module_name.endswith(".py") and os.path.exists(module_name):
            suggestion = f"{module_name.rpartition('.')[0]}:{expression}"
            # gunicorn's traceback shows both errors.
            message = f"Failed to find application, did you mean '{suggestion}'?"
            raise ImportError(message)  # noqa: B904
        raise
    name, args, kwargs = _parse(expression)
    try:
        app = getattr(module, name)
    except AttributeError:
        raise AppImportError(f"Failed to find attribute {name!r} in {module_name!r}.") from None
    if args is not None:
        try:
            app = app(*args, **kwargs)
        except TypeError as error:
            # Only a call that does not fit is the command line's fault; an error inside the factory
            # is the app's own.
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                raise AppImportError(f"TypeError: {error}") from error
            raise
    if app is None:
        raise AppImportError(f"Failed to find application object: {expression!r}")
    if not callable(app):
        raise AppImportError("Application object must be callable.")
    return app


def _parse(expression: str) -> tuple[str, list[Any] | None, dict[Any, Any]]:
    unreadable = f"Failed to parse {expression!r} as an attribute name or function call."
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise AppImportError(unreadable) from None
    if isinstance(node, ast.Name):
        return node.id, None, {}
    if not isinstance(node, ast.Call):
        raise AppImportError(unreadable)
    if not isinstance(node.func, ast.Name):
        raise AppImportError(f"Function reference must be a simple name: {expression!r}")
    try:
        args = [ast.literal_eval(argument) for argument in node.args]
        kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
    except ValueError:
        raise AppImportError(
            f"Failed to parse arguments as literal values: {expression!r}"
        ) from None
    return node.func.id, args, kwargs
