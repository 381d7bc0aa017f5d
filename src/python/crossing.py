"""The shared buffer: what crosses between Rust and Python, in one copy each way.

A run of byte strings is a little-endian ``u32`` count, then as many ``u32`` lengths, then the bytes of all of them.
Both sides use the buffer only between two bytecodes of this package, so one buffer serves every call.
"""

from itertools import accumulate, pairwise
from struct import Struct, pack_into, unpack_from
from typing import Final

SIZE: Final = 1 << 20
"""Bytes in the buffer: more than any request head that a server admits."""

shared: Final = bytearray(SIZE)
view: Final = memoryview(shared)

_COUNT = Struct("<I")
_formats: dict[int, str] = {}


def _lengths(count: int) -> str:
    try:
        return _formats[count]
    except KeyError:
        return _formats.setdefault(count, f"<{count}I")


def _spans() -> list[int]:
    (count,) = _COUNT.unpack_from(shared)
    return list(accumulate(unpack_from(_lengths(count), shared, 4), initial=4 + 4 * count))


def take_strings() -> list[str]:
    """The run of strings in the buffer, as the native strings of PEP 3333 (latin-1)."""
    ends = _spans()
    start = ends[0]
    text = str(view[start : ends[-1]], "latin-1")
    return [text[a - start : b - start] for a, b in pairwise(ends)]


def take_bytes() -> list[bytes]:
    """The run of strings in the buffer, as bytes."""
    return [bytes(view[a:b]) for a, b in pairwise(_spans())]


def put_bytes(strings: list[bytes]) -> int:
    """Writes a run of strings; returns its length.

    Raises ValueError if it does not fit.
    """
    count = len(strings)
    start = 4 + 4 * count
    data = b"".join(strings)
    end = start + len(data)
    if end > SIZE:
        raise ValueError(f"a response head of {end} bytes is larger than the {SIZE} that fit")
    pack_into(_lengths(count + 1), shared, 0, count, *map(len, strings))
    view[start:end] = data
    return end


def put_text(text: str) -> int:
    """Writes text as UTF-8, cut at the end of the buffer; returns its length."""
    data = text.encode("utf-8", "replace")[:SIZE]
    view[: len(data)] = data
    return len(data)


def take_text(end: int) -> str:
    """Text that Rust has written."""
    return str(view[:end], "utf-8", "replace")
