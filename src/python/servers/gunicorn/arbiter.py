"""What the hooks of gunicorn's configuration file see of the master: the ``server`` that they are
given, its listeners and its workers.

The arbiter itself, who is spawned, killed and reaped, is in Rust (``src/master/gunicorn/``).
"""

import os
import sys
from typing import Any


class Listener:
    """A listening socket, as hooks see it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.cfg_addr = address

    def __str__(self) -> str:
        host, port = self.cfg_addr
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def getsockname(self) -> tuple[str, int]:
        """The address that it listens on."""
        return self.cfg_addr


class Worker:
    """A worker, as the master knows it."""

    def __init__(
        self,
        age: int,
        ppid: int,
        sockets: list[Listener],
        app: Any,
        timeout: float,
        cfg: Any,
        log: Any,
    ) -> None:
        self.age = age
        self.pid: int | str = "[booting]"
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.timeout = timeout
        self.cfg = cfg
        self.log = log
        self.booted = False
        self.aborted = False
        self.alive = True
        self.reloader = None
        self.nr = 0
        self.max_requests = cfg.max_requests or sys.maxsize

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"


class Arbiter:
    """The ``server`` that hooks are given."""

    def __init__(self, app: Any) -> None:
        os.environ["SERVER_SOFTWARE"] = "gunicorn/27.0.1"
        self.pid = os.getpid()
        self.log: Any = None
        self.LISTENERS: list[Listener] = []
        self.WORKERS: dict[int, Worker] = {}
        self.START_CTX = {
            "args": [sys.executable, *sys.argv],
            "cwd": os.getcwd(),
            0: sys.executable,
        }
        self.worker_age = 0
        self.reexec_pid = 0
        self.master_pid = 0
        self.master_name = "Master"
        self.pidfile = None
        self.systemd = False
        self._num_workers: int | None = None
        self.forking: Worker | None = None
        self.setup(app)

    @property
    def num_workers(self) -> int | None:
        """How many workers there should be."""
        return self._num_workers

    @num_workers.setter
    def num_workers(self, number: int) -> None:
        before, self._num_workers = self._num_workers, number
        self.cfg.nworkers_changed(self, number, before)

    def setup(self, app: Any) -> None:
        """Takes over what the application's configuration says."""
        self.app = app
        self.cfg = app.cfg
        if self.log is None:
            self.log = self.cfg.logger_class(self.cfg)
        else:
            self.log.setup(self.cfg)
        self.worker_class = self.cfg.worker_class_str
        self.address = self.cfg.address
        self.num_workers = self.cfg.workers
        self.timeout = self.cfg.timeout
        self.proc_name = self.cfg.proc_name
        settings = sorted(self.cfg.settings.items(), key=lambda item: item[1])
        lines = (f"  {name}: {setting.value}" for name, setting in settings)
        self.log.debug("Current configuration:\n{}".format("\n".join(lines)))
        os.environ.update(self.cfg.env)
        if self.cfg.preload_app:
            if "gevent" in self.cfg.worker_class_str:
                from ...gevent import modules as gevent_modules

                gevent_modules.install()
            self.app.wsgi()

    def run(self) -> None:
        """What gunicorn's application calls; the rest follows in ``master.main``."""
        global _started
        _started = self

    def reload(self) -> None:
        """Reads the configuration again."""
        for name in self.cfg.env:
            if name in self.cfg.env_orig:
                os.environ[name] = self.cfg.env_orig[name]
            else:
                os.environ.pop(name, None)
        self.app.reload()
        self.setup(self.app)

    def call(self, hook: str, numbers: list[int]) -> None:
        """Runs what Rust's arbiter has come to: see ``Hook`` in src/master/events.rs."""
        match hook, numbers:
            case "pre_fork", [age]:
                self.worker_age = age
                self.forking = Worker(
                    age, self.pid, self.LISTENERS, self.app, self.timeout / 2, self.cfg, self.log
                )
                self.cfg.pre_fork(self, self.forking)
            case "child_exit", [_, pid]:
                worker = self.WORKERS.pop(pid, None)
                if worker is not None:
                    self.cfg.child_exit(self, worker)
            case "nworkers_changed", [new, _]:
                self.num_workers = new
            case _:
                if hook == "when_ready":
                    self.LISTENERS[:] = map(Listener, self.address)
                getattr(self.cfg, hook)(self)

    def forked(self, pid: int) -> None:
        """The worker that the last ``pre_fork`` was for is there."""
        worker = self.forking
        if worker is not None:
            worker.pid = pid
            self.WORKERS[pid] = worker


_started: Arbiter | None = None


def started() -> Arbiter:
    """The arbiter that gunicorn's application has run."""
    assert _started is not None, "gunicorn's application runs its arbiter"
    return _started
