"""Files that uWSGI serves before any app is asked: ``--static-map`` and its kin.

Paths are bytes, as in the original, which works on what the client sent: a NUL ends a path, and
what begins with a prefix need not have a slash behind it.
"""

import mimetypes
import os
import re
import stat
from calendar import timegm
from collections.abc import Callable, Iterable
from email.utils import formatdate
from itertools import takewhile
from typing import Final

from .log import Answer, say
from .options import Options

type Field = tuple[str, str]
type Send = Callable[[str, list[Field], int | None, int, int], None]
"""Sends a status, fields, and so many bytes of an open file from an offset on, or no body."""

_LARGEST: Final = (1 << 63) - 1


def read_media_types(text: bytes) -> dict[bytes, bytes]:
    """What endings of files stand for. The first type of an ending counts; the last ending of a
    line, if it has one letter, does not.
    """
    types: dict[bytes, bytes] = {}
    for line in text.split(b"\n")[:-1]:
        parts = re.split(rb"[ \t]+", line, maxsplit=1)
        if len(parts) < 2 or not line[:1].isalnum():
            continue
        *endings, last = re.split(rb"[ \t]", parts[1])
        for ending in endings:
            types.setdefault(ending, parts[0])
        if len(last) > 1:
            types.setdefault(last, parts[0])
    return types


def known_media_types() -> dict[bytes, bytes]:
    """The machine's ``/etc/mime.types``: what CPython knows. Distributions have more in theirs."""
    known = mimetypes.MimeTypes(filenames=()).types_map[True]
    return {ending[1:].encode(): type.encode() for ending, type in known.items()}


def _media_types(files: Iterable[str]) -> dict[bytes, bytes]:
    names = tuple(files)
    if not names:
        return known_media_types()
    types: dict[bytes, bytes] = {}
    for name in names:
        try:
            with open(name, "rb") as file:
                for ending, type in read_media_types(file.read()).items():
                    types.setdefault(ending, type)
        except OSError:
            # The master has said so.
            pass
    return types


def _number(text: str) -> int:
    """As the original reads digits: what is none ends the number."""
    return int("".join(takewhile(lambda char: "0" <= char <= "9", text)) or 0)


def _month(name: str) -> int | None:
    match name[:1]:
        case "J":
            return {"a": 0, "un": 5, "ul": 6}.get(name[1:2] if name[1:2] == "a" else name[1:3])
        case "F":
            return 1
        case "M":
            return {"ar": 2, "ay": 4}.get(name[1:3])
        case "A":
            return {"r": 3, "g": 7}.get(name[2:3])
        case other:
            return {"S": 8, "O": 9, "N": 10, "D": 11}.get(other)


def http_date(text: str) -> int:
    """The time that a date of RFC 1123 stands for; 0 if it is none, as the original finds it: it
    looks at a few bytes only.
    """
    if len(text) != 29 and text[3:4] != ",":
        return 0
    text = text.ljust(30, "\0")
    month = _month(text[8:11])
    if month is None:
        return 0

    def digits(at: int, count: int) -> int:
        number = 0
        for char in text[at : at + count]:
            number = 10 * number + ord(char) - ord("0")
        return number

    date = (digits(12, 4), month + 1, digits(5, 2), digits(17, 2), digits(20, 2), digits(23, 2))
    try:
        return timegm((*date, 0, 0, 0))
    except ValueError, OverflowError:
        return 0


def _date(seconds: float) -> str:
    return formatdate(int(seconds), usegmt=True)


class _Range:
    """A part of a file (``Range``), before its size is known."""

    def __init__(self, text: str | None) -> None:
        self.is_asked = text is not None
        self.is_valid = False
        self.first = self.last = 0
        if text is not None:
            self._parse(text.partition(",")[0])

    def _parse(self, text: str) -> None:
        if len(text) < 8 or not text.startswith("bytes="):
            return
        first, dash, last = text.removeprefix("bytes=").partition("-")
        if not dash:
            return
        if first:
            self.first = _number(first)
            self.last = _number(last) if last else _LARGEST
            self.is_valid = self.last >= self.first
        else:
            self.first, self.last = -_number(last), _LARGEST
            self.is_valid = self.first < 0

    def fit(self, size: int) -> None:
        """Cuts it to a file's size. One that is the whole file is none."""
        if not self.is_valid:
            return
        if self.first < 0:
            self.first += size
        self.last = min(self.last, size - 1)
        if self.first == 0 and self.last == size - 1:
            self.is_asked = False
        elif self.last < self.first:
            self.is_valid = False


class _Root:
    """A directory, or a file, that a prefix of paths stands for."""

    def __init__(self, prefix: str, path: str) -> None:
        self.prefix = os.fsencode(prefix)
        self._path = path
        self._is_known = False
        self.path: bytes | None = None
        self.is_file = False

    def found(self) -> bytes | None:
        """Where it is. What is not there at the first request is never looked for again."""
        if not self._is_known:
            self._is_known = True
            self.path = _real_path(os.fsencode(self._path))
            self.is_file = self.path is not None and os.path.isfile(self.path)
        return self.path


def _real_path(path: bytes) -> bytes | None:
    path = path.partition(b"\0")[0]
    try:
        real = os.path.realpath(path, strict=True)
    except OSError:
        return None
    # The C library finds no file behind a slash that ends a file's name.
    ends_as_directory = path.endswith((b"/", b"/."))
    return None if ends_as_directory and not os.path.isdir(real) else real


def _pairs(given: Iterable[str]) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (pair.partition("=") for pair in given)]


class StaticFiles:
    """Which files are served, and how."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._checked = [_Root("", path) for path in options.check_static]
        self._maps = [_Root(*pair) for pair in _pairs(options.static_maps)]
        self._maps2 = [_Root(*pair) for pair in _pairs(options.static_maps2)]
        self._skipped = tuple(map(os.fsencode, options.static_skip_ext))
        self._safe = tuple(map(os.fsencode, options.static_safe))
        self._expires = _pairs(options.static_expires_type)
        self._expires_mtime = _pairs(options.static_expires_type_mtime)
        self._gzip_prefixes = tuple(map(os.fsencode, options.static_gzip_dir))
        self._gzip_suffixes = tuple(map(os.fsencode, options.static_gzip_ext))
        self._types = _media_types(options.mime_files) if self else {}

    def __bool__(self) -> bool:
        return bool(self._checked or self._maps or self._maps2)

    def serve(self, environ: dict[str, str], answer: Answer, send: Send) -> bool:
        """Whether a file was sent instead of what an app would answer. The log counts a path to
        which an index was added.
        """
        path = environ["PATH_INFO"].encode("latin-1")
        if self._skipped and path.endswith(self._skipped):
            return False
        for root in self._checked:
            if (found := root.found()) and self._serve(found, path, False, environ, answer, send):
                return True
        for maps, drops in ((self._maps, True), (self._maps2, False)):
            for root in maps:
                found = root.found()
                path = environ["PATH_INFO"].encode("latin-1")
                if found is None or not path.startswith(root.prefix):
                    continue
                rest = path[len(root.prefix) :] if drops else path
                if self._serve(found, rest, root.is_file, environ, answer, send):
                    return True
        return False

    def _serve(
        self,
        root: bytes,
        path: bytes,
        is_file: bool,
        environ: dict[str, str],
        answer: Answer,
        send: Send,
    ) -> bool:
        real = _real_path(root if is_file else root + b"/" + path)
        if real is None:
            return False
        if not real.startswith(root) and not (self._safe and real.startswith(self._safe)):
            say(
                f"[uwsgi-fileserve] security error: {os.fsdecode(real)} is not under"
                f" {os.fsdecode(root)} or a safe path"
            )
            return False
        file = self._file(real, environ, answer)
        if file is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return False
        real, status = file
        if self._skipped and real.endswith(self._skipped):
            return False
        self._send(real, status, environ, answer, send)
        return True

    def _file(
        self, real: bytes, environ: dict[str, str], answer: Answer
    ) -> tuple[bytes, os.stat_result] | None:
        try:
            status = os.stat(real)
        except OSError:
            return None
        if stat.S_ISREG(status.st_mode):
            return real, status
        if not stat.S_ISDIR(status.st_mode):
            return None
        for index in self._options.static_index:
            file = os.path.join(real, os.fsencode(index))
            try:
                status = os.stat(file)
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            path = environ["PATH_INFO"]
            slash = "" if path.endswith("/") or not path else "/"
            environ["PATH_INFO"] = f"{path}{slash}{os.fsencode(index).decode('latin-1')}"
            answer.variables += 2
            answer.size += 13 + len(environ["PATH_INFO"])
            return file, status
        return None

    def _compressed(
        self, real: bytes, status: os.stat_result, accepted: str
    ) -> tuple[bytes, os.stat_result, str]:
        """The variant of a file that the client takes, if there is one, and its encoding."""
        wanted = (
            self._options.static_gzip_all
            or real.startswith(self._gzip_prefixes)
            or real.endswith(self._gzip_suffixes)
        )
        for encoding, ending in (("br", b".br"), ("gzip", b".gz")):
            if not wanted or encoding not in accepted:
                continue
            try:
                return real + ending, os.stat(real + ending), encoding
            except OSError:
                pass
        return real, status, ""

    def _expiry(self, type: str, mtime: float, begun: float) -> list[Field]:
        for pairs, since in ((self._expires, begun), (self._expires_mtime, mtime)):
            for name, seconds in pairs:
                if name == type:
                    return [("Expires", _date(int(since) + _number(seconds)))]
        return []

    def _send(
        self,
        real: bytes,
        status: os.stat_result,
        environ: dict[str, str],
        answer: Answer,
        send: Send,
    ) -> None:
        # Of the plain file, whichever variant is sent.
        type = self._types.get(real.rpartition(b".")[2], b"") if b"." in real else b""
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        real, status, encoding = self._compressed(real, status, accepted)
        mtime = int(status.st_mtime)
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        if since and mtime <= http_date(since):
            send("304 Not Modified", [], None, 0, 0)
            return
        answer.is_file = True
        asked = environ.get("HTTP_RANGE") if self._options.honour_range else None
        part = _Range(asked)
        part.fit(status.st_size)
        if part.is_asked and not part.is_valid:
            fields = [("Content-Range", f"bytes */{status.st_size}")]
            send("416 Requested Range Not Satisfiable", fields, None, 0, 0)
            return
        line, length = "200 OK", status.st_size
        if part.is_asked:
            known = environ.get("HTTP_IF_RANGE")
            if (http_date(known) if known is not None else 0) < mtime:
                line, length = "206 Partial Content", part.last - part.first + 1
        fields = []
        if encoding:
            fields.append(("Content-Encoding", encoding))
        if type:
            text = type.decode("latin-1")
            fields.append(("Content-Type", text))
            fields.extend(self._expiry(text, mtime, answer.begun))
        header = self._options.file_serve_header
        if header is not None:
            name = real.decode("latin-1")
            send(line, [*fields, (header, name), ("Last-Modified", _date(mtime))], None, 0, 0)
            return
        fields.append(("Content-Length", str(length)))
        if part.is_asked:
            between = f"bytes {part.first}-{part.last}/{status.st_size}"
            fields.append(("Content-Range", between))
        fields.append(("Last-Modified", _date(mtime)))
        if environ["REQUEST_METHOD"] == "HEAD":
            send(line, fields, None, 0, 0)
            return
        descriptor = os.open(real, os.O_RDONLY)
        try:
            send(line, fields, descriptor, part.first if part.is_asked else 0, length)
            # So the log has it, of a part too.
            answer.status = "200"
        finally:
            os.close(descriptor)
