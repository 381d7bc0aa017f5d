"""The shared buffer: what crosses between Rust and Python, in one copy each way.

A list of strings (`crates/wire/src/strings.rs`) is the length of its text as a little-endian
``u32``, then the text, in which NULs separate the strings. If one has a NUL in it, or there is
none: ``u32`` their number with the highest bit set, as many ``u32`` lengths, the bytes of all of
them. Both sides use the buffer only between two bytecodes of this package, so one buffer serves
every call.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from struct import Struct, pack, unpack_from
from typing import Final

SIZE: Final = 1 << 20
"""Bytes in the buffer: more than any request head that a server admits."""

shared: Final = bytearray(SIZE + 4)
view: Final = memoryview(shared)[:SIZE]
number: Final = memoryview(shared)[SIZE:].cast("i")
"""The number that comes with a call's reply, or with what is in the buffer: ``number[0]``."""

_FIRST = Struct("<I")
_COUNTED: Final = 1 << 31
_LONGEST_TEXT: Final = SIZE // 4


def _spans(count: int) -> Iterator[tuple[int, int]]:
    lengths = unpack_from(f"<{count}I", shared, 4)
    return pairwise(accumulate(lengths, initial=4 + 4 * count))


def read_strings() -> list[str]:
    """The list of strings in the buffer, as the native strings of PEP 3333 (latin-1)."""
    (length,) = _FIRST.unpack_from(shared)
    if length < _COUNTED:
        return str(view[4 : 4 + length], "latin-1").split("\0")
    return [str(view[a:b], "latin-1") for a, b in _spans(length - _COUNTED)]


def read_bytes() -> list[bytes]:
    """The list of strings in the buffer, as bytes."""
    (length,) = _FIRST.unpack_from(shared)
    if length < _COUNTED:
        return bytes(view[4 : 4 + length]).split(b"\0")
    return [bytes(view[a:b]) for a, b in _spans(length - _COUNTED)]


def write_bytes(strings: list[bytes]) -> int:
    """Writes a list of strings; returns its length.

    Raises ValueError if it does not fit.
    """
    text = b"\0".join(strings)
    if text.count(b"\0") + 1 == len(strings):
        return _put(text)
    count = len(strings)
    head = pack(f"<{count + 1}I", _COUNTED + count, *map(len, strings))
    return _put(b"".join(strings), head)


def write_strings(strings: list[str]) -> int:
    """The same for native strings. A character beyond latin-1 becomes NUL, which Rust refuses as
    gunicorn refuses that character.
    """
    try:
        text = "\0".join(strings).encode("latin-1")
    except UnicodeEncodeError:
        return write_bytes(
            [bytes(code if code < 256 else 0 for code in map(ord, string)) for string in strings]
        )
    if text.count(b"\0") + 1 == len(strings):
        return _put(text)
    return write_bytes([string.encode("latin-1") for string in strings])


def _put(text: bytes, head: bytes = b"") -> int:
    head = head or _FIRST.pack(len(text))
    start = len(head)
    end = start + len(text)
    if end > SIZE:
        raise ValueError(f"a response head of {end} bytes is larger than the {SIZE} that fit")
    view[:start] = head
    view[start:end] = text
    return end


def write_text(text: str) -> int:
    """Writes text as UTF-8, cut at the end of the buffer; returns its length."""
    data = text.encode("utf-8", "replace")[:SIZE]
    view[: len(data)] = data
    return len(data)


def write_texts(texts: list[str]) -> int:
    """Writes a list of texts as UTF-8, a long one cut; returns its length."""
    return write_bytes([text.encode("utf-8", "replace")[:_LONGEST_TEXT] for text in texts])


def read_text(end: int) -> str:
    """Text that Rust has written."""
    return str(view[:end], "utf-8", "replace")
