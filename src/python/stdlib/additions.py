"""What this CPython lacks and apps expect, supplied as it is imported, so that it costs nothing at
start.
"""

import os
import sys
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NoReturn

import _wasgi

_NO_PROCESSES = (
    "an app cannot start processes of its own here yet: start more workers with the server's"
    " --workers"
)


def _hashlib(module: ModuleType) -> None:
    """OpenSSL's part."""
    from .key_derivation import pbkdf2_hmac, scrypt

    if not hasattr(module, "pbkdf2_hmac"):
        names = (*vars(module)["__all__"], "pbkdf2_hmac")
        vars(module).update(pbkdf2_hmac=pbkdf2_hmac, scrypt=scrypt, __all__=names)


def _multiprocessing_context(module: ModuleType) -> None:
    """Says what is missing, where the start methods would fail in their own obscure ways."""

    def _Popen(process_obj: object) -> NoReturn:
        raise OSError(_NO_PROCESSES)

    for name in ("ForkProcess", "SpawnProcess", "ForkServerProcess"):
        getattr(module, name)._Popen = staticmethod(_Popen)


def _multiprocessing_module() -> ModuleType:
    """``_multiprocessing``: what the standard library imports from it, with locks that say that
    there are none.
    """
    module = ModuleType("_multiprocessing", "Locks between processes, which are not there yet.")

    class SemLock:
        """Semaphore/Mutex type"""

        SEM_VALUE_MAX = 2**31 - 1

        def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
            raise OSError(
                "multiprocessing has no locks, queues or pools here yet: use those of threading,"
                " queue and concurrent.futures.ThreadPoolExecutor"
            )

    def sem_unlink(name: str, /) -> NoReturn:
        raise FileNotFoundError(2, "No such file or directory", name)

    SemLock.__module__ = sem_unlink.__module__ = module.__name__
    vars(module).update(SemLock=SemLock, sem_unlink=sem_unlink, flags={})
    return module


_COMPLETIONS: dict[str, Callable[[ModuleType], None]] = {
    "hashlib": _hashlib,
    "multiprocessing.context": _multiprocessing_context,
}
_MODULES: dict[str, Callable[[], ModuleType]] = {"_multiprocessing": _multiprocessing_module}


class _CompletingLoader(Loader):
    """A module's own loader, and then what completes the module."""

    def __init__(self, loader: Loader, complete: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._complete = complete

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # Whoever asks the module finds its own loader, with its source.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._complete(module)


class _MakingLoader(Loader):
    """Loads a module that is made here."""

    def __init__(self, make: Callable[[], ModuleType]) -> None:
        self._make = make

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._make()

    def exec_module(self, module: ModuleType) -> None:
        pass


class Finder:
    """Stands before the other finders of ``sys.meta_path``."""

    @staticmethod
    def find_spec(
        name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that lacks something, or of one that is lacking; nothing for all
        others.
        """
        if name in _COMPLETIONS:
            spec = PathFinder.find_spec(name, path, target)
            # A module of that name which the app brings along is complete.
            if spec is not None and spec.loader is not None and _is_standard(spec):
                spec.loader = _CompletingLoader(spec.loader, _COMPLETIONS[name])
            return spec
        if name in _MODULES:
            return ModuleSpec(name, _MakingLoader(_MODULES[name]), origin="built-in")
        return None


def _is_standard(spec: ModuleSpec) -> bool:
    return spec.origin is not None and spec.origin.startswith(os.path.dirname(os.__file__))


def count_processors() -> None:
    """CPython asks Emscripten, which knows of one processor; the browser tells how many there
    are.
    """
    if "PYTHON_CPU_COUNT" in os.environ:
        return
    import posix

    count = _wasgi.cpu_count

    def cpu_count() -> int:
        """Return the number of logical CPUs in the system."""
        return count

    def process_cpu_count() -> int:
        """Get the number of CPUs of the current process."""
        return count

    for module in (os, posix):
        vars(module)["cpu_count"] = cpu_count
    os.process_cpu_count = process_cpu_count


def install() -> None:
    """Completes every module as it is imported."""
    sys.meta_path.insert(0, Finder)
    for name, complete in _COMPLETIONS.items():
        if name in sys.modules:
            complete(sys.modules[name])
