"""uWSGI's ``--py-autoreload``: a thread of each worker looks every so many seconds whether a
module's file is newer.
"""

import os
import sys
import threading
import time
from collections.abc import Container
from signal import SIGHUP


def start(seconds: int, ignored: Container[str], worker: int, master: int, directory: str) -> None:
    """Begins to look. Only files below the directory can change."""
    if worker == 1:
        print("Python auto-reloader enabled", file=sys.stderr, flush=True)
    times: dict[str, int] = {}

    def changed() -> str | None:
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if name in ignored or not isinstance(path, str):
                continue
            path = os.path.join(
                directory, path.removesuffix("c") if path.endswith(".pyc") else path
            )
            if not path.startswith(directory + "/"):
                continue
            try:
                modified = int(os.stat(path).st_mtime)
            except OSError:
                continue
            if times.setdefault(path, modified) != modified:
                return path
        return None

    def look() -> None:
        path = None
        while path is None:
            time.sleep(seconds)
            path = changed()
        print(
            f"[uwsgi-python-reloader] module/file {path} has been modified",
            file=sys.stderr,
            flush=True,
        )
        os.kill(master, SIGHUP)

    threading.Thread(target=look, name="uWSGIAutoReloader", daemon=True).start()
