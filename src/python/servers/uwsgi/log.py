"""What uWSGI logs: lines about itself, and lines of requests, its own or as ``--logformat`` says.

The options ``--log-4xx`` and others say which requests have a line.
"""

import re
import sys
import time
from typing import Any, Final

from .options import Options

_FIELD: Final = re.compile(r"%\(([^)]*)\)")
_KEYS: Final = {
    "uri": "REQUEST_URI",
    "method": "REQUEST_METHOD",
    "user": "REMOTE_USER",
    "addr": "REMOTE_ADDR",
    "host": "HTTP_HOST",
    "proto": "SERVER_PROTOCOL",
    "uagent": "HTTP_USER_AGENT",
    "referer": "HTTP_REFERER",
}
_NEVER: Final = ("vsz", "rss", "vszM", "rssM", "modifier1", "modifier2", "werr", "rerr", "ioerr")
"""What is zero here, as it is on the real server without further options."""


def say(line: str) -> None:
    """A line of uWSGI's about itself."""
    print(line, file=sys.stderr, flush=True)


class Answer:
    """What the log says of the response to a request."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.begun = time.time()
        self.variables = 2 * len(environ)
        self.size = sum(4 + len(key) + len(value) for key, value in environ.items())
        self.status = "500"
        self.version = environ["SERVER_PROTOCOL"]
        self.fields = 0
        self.head = 0
        self.pending = 0
        """Bytes of a head that is not sent."""
        self.sent = 0
        self.switches = 0
        self.app = -1
        """The number of the app that was called."""
        self.calls = 0
        """How often this process has called it."""
        self.is_file = False
        """Whether it is a file, which the app has nothing to do with."""
        self.via_sendfile = False
        self.write_errors = 0
        self.read_errors = 0
        self.exceptions = 0

    def micros(self) -> int:
        """Microseconds since the request began."""
        return int(1_000_000 * (time.time() - self.begun))


class Log:
    """What the options ask for."""

    def __init__(self, options: Options, pid: int, worker: int) -> None:
        self.pid = pid
        self.worker = worker
        self.all = options.logs_requests
        self.format = options.log_format
        self.in_micros = options.log_micros
        self.forwarded = options.log_x_forwarded_for
        self.zero = options.log_zero
        self.slow = options.log_slow
        self.big = options.log_big
        classes = {"4": options.log_4xx, "5": options.log_5xx}
        self.classes = [digit for digit, logged in classes.items() if logged]

    def _wants(self, answer: Answer, micros: int) -> bool:
        return (
            self.all
            or (self.zero and answer.sent == 0)
            or (self.slow is not None and self.slow <= micros // 1000)
            or answer.status[0] in self.classes
            or (self.big is not None and self.big <= answer.sent)
        )

    def message(self, answer: Answer, environ: dict[str, Any], core: int) -> list[str]:
        """What the master is told of a request that has ended: see
        src/servers/uwsgi/request_ended.rs.
        """
        micros = answer.micros()
        return [
            *self._line(answer, environ, core, micros),
            *((str(answer.app), str(answer.calls)) if answer.calls else ("", "")),
            str(answer.sent + answer.head),
            "" if answer.is_file else str(micros),
            "file" if answer.is_file else "",
            str(answer.write_errors),
            str(answer.read_errors),
            str(answer.exceptions),
        ]

    def _line(
        self, answer: Answer, environ: dict[str, Any], core: int, micros: int
    ) -> tuple[str, str, str]:
        """What Rust makes the line of, if there is to be one: its kind and its parts, between which
        the numbers of requests belong.
        """
        if not self._wants(answer, micros):
            return "", "", ""
        if self.forwarded and "HTTP_X_FORWARDED_FOR" in environ:
            environ["REMOTE_ADDR"] = environ["HTTP_X_FORWARDED_FOR"]
        if self.format:
            values = self._values(answer, environ, core, micros)
            line = _FIELD.sub(
                lambda match: values.get(match[1]) or _variable(environ, match[1]), self.format
            )
            return "whole", line, ""
        fields, head = (answer.fields, answer.head) if answer.head else (0, 0)
        taken = f"{micros} micros" if self.in_micros else f"{micros // 1000} msecs"
        via = " via sendfile() " if answer.via_sendfile else " "
        return (
            "numbered",
            f"[pid: {self.pid}|app: {answer.app}|req: ",
            f"] {environ['REMOTE_ADDR']} ()"
            f" {{{answer.variables} vars in {answer.size} bytes}} [{time.ctime(answer.begun)}]"
            f" {environ['REQUEST_METHOD']} {environ['REQUEST_URI']} => generated {answer.sent}"
            f" bytes in {taken}{via}({answer.version} {answer.status}) {fields} headers"
            f" in {head} bytes ({answer.switches} switches on core {core})",
        )

    def _values(
        self, answer: Answer, environ: dict[str, Any], core: int, micros: int
    ) -> dict[str, str]:
        values = {name: environ.get(key) or "-" for name, key in _KEYS.items()}
        day = time.strftime("%d/%b/%Y:%H:%M:%S %z", time.localtime(answer.begun))
        numbers = {
            "rsize": answer.sent,
            "hsize": answer.head,
            "size": answer.sent + answer.head,
            "cl": environ.get("CONTENT_LENGTH") or 0,
            "micros": micros,
            "msecs": micros // 1000,
            "tmsecs": int(answer.begun * 1000),
            "tmicros": int(answer.begun * 1_000_000),
            "time": int(answer.begun),
            "epoch": int(time.time()),
            "pid": self.pid,
            "wid": self.worker,
            "switches": answer.switches,
            "vars": answer.variables,
            "core": core,
            "pktsize": answer.size,
            "headers": answer.fields,
            **dict.fromkeys(_NEVER, 0),
        }
        values |= {name: str(number) for name, number in numbers.items()}
        values |= {
            "status": answer.status,
            "secs": f"{micros / 1_000_000:.6f}",
            "ltime": day,
            "ftime": day,
        }
        values["ctime"] = time.ctime(answer.begun)
        return values


def _variable(environ: dict[str, Any], name: str) -> str:
    return (environ.get(name.removeprefix("var.")) or "-") if name.startswith("var.") else "-"
