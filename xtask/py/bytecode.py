"""Python source to the bytecode of this interpreter, and to pack files."""

from __future__ import annotations

import _imp
import importlib._bootstrap_external as bootstrap
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

ALIGNMENT = 16


def compile_source(source: bytes, filename: str) -> bytes | None:
    """The contents of a .pyc file, or None when the source does not compile (some packages ship
    templates).

    The .pyc is hash-based and unchecked (PEP 552): imports neither stat nor read the source.
    """
    try:
        code = compile(source, filename, "exec", dont_inherit=True, optimize=0)
    except SyntaxError, ValueError:
        return None
    source_hash = _imp.source_hash(_imp.pyc_magic_number_token, source)
    return bytes(bootstrap._code_to_hash_pyc(code, source_hash, checked=False))


def cache_path(path: str) -> str:
    """Where imports look for the bytecode of the source `path` (PEP 3147)."""
    source = PurePosixPath(path)
    return str(source.parent / "__pycache__" / f"{source.stem}.cpython-314.pyc")


def with_bytecode(files: Mapping[str, bytes], directory: str) -> dict[str, bytes]:
    """`files` and the bytecode of the sources among them, which will be imported from
    `directory`.
    """
    packed = dict(files)
    for path, contents in files.items():
        if path.endswith(".py"):
            bytecode = compile_source(contents, f"{directory}/{path}")
            if bytecode is not None:
                packed[cache_path(path)] = bytecode
    return packed


def write_pack(destination: str, files: Mapping[str, bytes]) -> None:
    """Write the pack format of docs/architecture.md, sorted, so that the same files give the same
    bytes.
    """
    index: list[tuple[str, int, int]] = []
    offset = 0
    for path in sorted(files):
        length = len(files[path])
        index.append((path, offset, length))
        offset += length + -length % ALIGNMENT
    encoded = json.dumps(index, separators=(",", ":")).encode()
    head = len(encoded).to_bytes(4, "little") + encoded
    write(destination, padded([head, *(files[path] for path, _, _ in index)]))


def padded(parts: Iterable[bytes]) -> bytes:
    """The parts one after another, each filled up to the alignment."""
    return b"".join(part + bytes(-len(part) % ALIGNMENT) for part in parts)


def write(destination: str, contents: bytes) -> None:
    """Write a file in one piece: it is there complete or not at all."""
    temporary = Path(f"{destination}.new")
    temporary.write_bytes(contents)
    temporary.replace(destination)
