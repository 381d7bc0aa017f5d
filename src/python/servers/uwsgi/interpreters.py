"""What stands for uWSGI's subinterpreters, of which CPython has none in a tab.

Each app but the first is loaded in an interpreter of its own, unless ``--single-interpreter`` is
given: its modules are not those of the others. Here this holds for the modules of the project,
whose globals are what an app sees of it; packages and the standard library are shared.

What an app imports later, in a request, it finds among its own modules where the worker has one
thread (see ``core``). With several threads it finds those of the first app.
"""

import sys
from types import ModuleType
from typing import Self


class Interpreter:
    """Modules of the project that an app has for itself."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self._roots = tuple(root.rstrip("/") + "/" for root in roots)
        self._modules: dict[str, ModuleType] = {}
        self._others: list[Interpreter] = [self]
        """Those of the process, this one among them; the first is the one that is entered."""

    def new(self) -> Self:
        """Another interpreter, without modules of the project."""
        interpreter = type(self)(self._roots)
        interpreter._others = self._others
        self._others.append(interpreter)
        return interpreter

    def enter(self) -> None:
        """From here on, imports give and find this interpreter's modules."""
        entered = self._others[0]
        if entered is self:
            return
        entered._modules = {
            name: module for name, module in list(sys.modules.items()) if self._is_theirs(module)
        }
        for name in entered._modules:
            del sys.modules[name]
        sys.modules.update(self._modules)
        self._others.remove(self)
        self._others.insert(0, self)

    def _is_theirs(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            paths = getattr(module, "__path__", None)
            file = next(iter(paths), None) if isinstance(paths, list) else None
        if not isinstance(file, str):
            return False
        # uWSGI runs a file by the name that it was given.
        return not file.startswith("/") or file.startswith(self._roots)
