"""gunicorn's ``--reload``: a thread of the worker looks once a second whether a file of its modules
is newer.

The thread is gunicorn's own.
"""

import os
import sys
import time
from collections.abc import Callable
from signal import SIGTERM
from typing import Any

from ...bridge.log import ERROR, INFO, WARNING, exception, log
from ...bridge.tracebacks import traceback_of
from ...threads import waiting
from .options import Configuration
from .settings import importable


class Reloader:
    """What watches a worker's files."""

    def __init__(
        self, configuration: Configuration, interrupted: Callable[[], None] | None
    ) -> None:
        """``interrupted`` is the hook ``worker_int``."""
        log(WARNING, "Reloader is on. Use in development only!")
        self.interrupted = interrupted
        with importable():
            from gunicorn import reloader
        options = configuration.options
        engine = reloader.reloader_engines[options.reload_engine]
        self.thread = engine(extra_files=list(options.reload_extra_files), callback=self.changed)

    def changed(self, file: str) -> None:
        """Lets the worker finish what it has, and leave."""
        log(INFO, f"Worker reloading: {file} modified")
        os.kill(os.getpid(), SIGTERM)
        if self.interrupted is not None:
            self.interrupted()
        time.sleep(0.1)
        sys.exit(0)

    def load(self, load: Callable[[], object]) -> Any:
        """The app; in the place of one with a syntax error, an app that shows the error."""
        try:
            return load()
        except SyntaxError as error:
            exception(ERROR, str(error), error)
            if error.filename is not None:
                self.thread.add_extra_file(error.filename)
            from gunicorn.util import make_fail_app

            return make_fail_app(traceback_of(error) + "\n")

    def start(self) -> None:
        """Begins to look."""
        if waiting.SUSPENDS:
            self.thread.start()
        else:
            log(
                WARNING,
                "wasgi: --reload does nothing: this browser gives an app no threads (it lacks"
                " JSPI).",
            )
