"""Loads the apps that uWSGI's options name, with uWSGI's messages, and finds the one for a request.

Which app is the default one is decided as the original does, which takes the first whose mountpoint
is empty or begins with a slash.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from ...bridge.tracebacks import traceback_of
from .interpreters import Interpreter
from .log import say
from .options import Configuration, Options

FAILED_APP: Final = 22
"""The exit code of a worker that does not go on without an app."""
_MOST_APPS: Final = 64
_LONGEST_MOUNTPOINT: Final = 254

type _Loader = Callable[[Any, Options], Any]


class _NoApp(Exception):
    """There is no app where the options say. What is to be said of that was said."""


class App:
    """An app that is loaded."""

    __slots__ = ("callable", "calls", "interpreter", "mountpoint", "number")

    def __init__(
        self, number: int, mountpoint: str, callable: Any, interpreter: Interpreter
    ) -> None:
        self.number = number
        self.mountpoint = mountpoint
        self.callable = callable
        self.interpreter = interpreter
        self.calls = 0
        """How often this process has called it."""


def _shown(error: BaseException) -> str:
    """As C code prints it: without a traceback where there is no frame but ours."""
    if all(
        frame.f_code.co_filename == __file__ for frame, _ in traceback.walk_tb(error.__traceback__)
    ):
        return "".join(traceback.format_exception_only(error)).rstrip("\n")
    return traceback_of(error)


def _module_of_file(path: str) -> ModuleType:
    name = f"uwsgi_file_{path.replace('.', '_').replace('/', '_').removesuffix('_py')}"
    module = ModuleType(name)
    try:
        if os.path.isdir(path):
            module.__path__ = [path]
            path += "/__init__.py"
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        say(f"failed to open python file {path}")
        raise _NoApp from None
    try:
        code = compile(content, path, "exec")
    except BaseException as error:
        say(_shown(error))
        say(f"failed to compile {path}")
        raise _NoApp from None
    module.__file__ = path
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _from_file(path: str, options: Options) -> Any:
    """The app of a file."""
    app = _module_of_file(path).__dict__.get(options.callable or "application")
    if app is None:
        say(f'unable to find "application" callable in file {path}')
        raise _NoApp
    if not callable(app):
        say(f'"application" must be a callable object in file {path}')
        raise _NoApp
    return app


def _from_module(target: str, options: Options) -> Any:
    """The app of a module, or its dictionary of apps."""
    name, colon, attribute = target.partition(":")
    if not colon:
        attribute = options.callable or "application"
    # Not importlib, whose frames would be in a traceback.
    __import__(name)
    module = sys.modules[name]
    for where in (sys.modules.get("uwsgi"), module):
        apps = where.__dict__.get("applications") if where is not None else None
        if isinstance(apps, dict):
            return apps
    app = module.__dict__.get(attribute.removesuffix("()"))
    if app is not None and attribute.endswith("()"):
        app = app()
    if app is None:
        raise _NoApp
    return app


def _from_mount(what: str, options: Options) -> Any:
    """The app that is mounted; the process ends where a file has none."""
    if not what.endswith((".py", ".wsgi")):
        return _from_module(what, options)
    try:
        return _from_file(what, options)
    except BaseException as error:
        if not isinstance(error, _NoApp):
            say(_shown(error))
        raise SystemExit(FAILED_APP) from None


def _given(app: Any, _: Options) -> Any:
    return app


class Apps:
    """The apps of a process."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._options = configuration.options
        roots = (configuration.directory, *configuration.python_path)
        self._main = Interpreter(roots)
        self._by_mountpoint: dict[str, App] = {}
        self.mountpoints: list[str] = []
        self.default: App | None = None
        self._load()

    def find(self, script_name: str) -> App | None:
        """The app for a request."""
        return self._by_mountpoint.get(script_name, self.default)

    def mountpoint_of(self, path: str) -> str:
        """The longest mountpoint that is a prefix of a path (``--manage-script-name``). Of one with
        a slash at its end, that slash need not be in the path.
        """
        best, length = "", 0
        for mountpoint in self.mountpoints:
            prefix = mountpoint.removesuffix("/")
            ends = path[len(prefix) : len(prefix) + 1] in ("", "/")
            if len(prefix) > length and path.startswith(prefix) and ends:
                best, length = mountpoint, len(prefix)
        return best

    def _load(self) -> None:
        options = self._options
        if options.module:
            self._add(_from_module, options.module, "", self._main)
        if options.wsgi_file:
            self._add(_from_file, options.wsgi_file, "", self._main)
        for mount in options.mounts:
            mountpoint, equal, what = mount.partition("=")
            if not equal:
                say(f"invalid mountpoint: {mount}")
                raise SystemExit(1)
            say(f"mounting {what} on {mountpoint}")
            if ":" in what or what.endswith((".py", ".wsgi")):
                self._add(_from_mount, what, mountpoint, None)
        if self._by_mountpoint:
            return
        if options.need_app:
            say("*** no app loaded. GAME OVER ***")
            raise SystemExit(FAILED_APP)
        say("*** no app loaded. going in full dynamic mode ***")

    def _add(
        self, loader: _Loader, what: Any, mountpoint: str, interpreter: Interpreter | None
    ) -> None:
        """Loads an app; without an interpreter, in a new one, unless it is the first."""
        number = len(self._by_mountpoint)
        if number >= _MOST_APPS:
            say(f"ERROR: you cannot load more than {_MOST_APPS} apps in a worker")
            return
        mountpoint = mountpoint[:_LONGEST_MOUNTPOINT]
        if mountpoint in self._by_mountpoint:
            say(f"mountpoint {mountpoint} already configured. skip.")
            return
        begun = time.monotonic()
        if interpreter is None:
            shared = number == 0 or self._options.single_interpreter
            interpreter = self._main if shared else self._main.new()
        interpreter.enter()
        try:
            app = loader(what, self._options)
        except SystemExit:
            raise
        except BaseException as error:
            if not isinstance(error, _NoApp):
                say(_shown(error))
            say(
                f"unable to load app {number} (mountpoint='{mountpoint}')"
                " (callable not found or import error)"
            )
            return
        finally:
            self._main.enter()
        if isinstance(app, dict):
            self._add_all(app, mountpoint, interpreter)
            return
        by_default = (
            self._options.default_app
            and self.default is None
            and (not mountpoint or mountpoint.startswith("/"))
        )
        added = App(number, mountpoint, app, interpreter)
        if by_default:
            self.default = added
        self._by_mountpoint[mountpoint] = added
        self.mountpoints.append(mountpoint)
        say(
            f"WSGI app {number} (mountpoint='{mountpoint}') ready in"
            f" {int(time.monotonic() - begun)} seconds on interpreter {id(interpreter):#x}"
            f" pid: {self._configuration.pid}{' (default app)' if by_default else ''}"
        )

    def _add_all(self, apps: dict[Any, Any], mountpoint: str, interpreter: Interpreter) -> None:
        """A module's ``applications``. The first keeps the mountpoint that the module has."""
        say("found a multiapp module...")
        if not apps:
            say("you have to define at least one app in the applications dictionary")
            return
        for index, (name, app) in enumerate(apps.items()):
            if index == 0:
                self._add(_given, app, mountpoint, interpreter)
            elif isinstance(name, str):
                self._add(_given, app, name, interpreter)
            else:
                say("applications dictionary key must be a string, skipping.")
