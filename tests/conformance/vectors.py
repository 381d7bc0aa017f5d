"""Prints, as JSON, the requests in the tests of other projects: ``python vectors.py FOLDER...``.

These are gunicorn's files of requests (``*.http``), and in Python files every constant of bytes
that begins like a request; sums, products and joins of constants are put together.
"""

import ast
import json
import re
import sys
from pathlib import Path
from typing import Final

REQUEST: Final = re.compile(rb"(\r?\n)*[!-~]{0,40} +[^\n]* HTTP/\d[^\n]*\n", re.DOTALL)
MOST: Final = 200_000


def of_file(path: Path) -> bytes:
    """The request of one of gunicorn's files: line ends and some bytes are written as escapes."""
    text = path.read_bytes().replace(b"\n", b"").replace(b"\\r", b"\r").replace(b"\\n", b"\n")
    for escape, byte in ((b"\\0", b"\0"), (b"\\t", b"\t")):
        text = text.replace(escape, byte)
    return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text)


def value(node: ast.AST) -> bytes | None:
    """The bytes that an expression stands for, if that can be seen."""
    match node:
        case ast.Constant(value=bytes(data)):
            return data
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = value(left), value(right)
            return first + second if first is not None and second is not None else None
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int(times))):
            data = value(left)
            return data * times if data is not None and len(data) * times < MOST else None
        case ast.Call(
            func=ast.Attribute(value=separator, attr="join"),
            args=[ast.List(elts=items) | ast.Tuple(elts=items)],
        ):
            between, parts = value(separator), [value(item) for item in items]
            if between is None or None in parts:
                return None
            return between.join(part for part in parts if part is not None)
    return None


def of_source(path: Path) -> list[bytes]:
    """The requests in a Python file."""
    found: list[bytes] = []
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        node = waiting.pop()
        data = value(node)
        if data is None:
            waiting.extend(ast.iter_child_nodes(node))
        elif REQUEST.match(data) and len(data) < MOST:
            found.append(data)
    return found


def main() -> None:
    """See the module's text."""
    requests: dict[bytes, str] = {}
    for folder in map(Path, sys.argv[1:]):
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.suffix == ".http":
                requests.setdefault(of_file(path), name)
            elif path.suffix == ".py" and "test" in name:
                for data in of_source(path):
                    requests.setdefault(data, name)
    print(json.dumps([[name, data.decode("latin-1")] for data, name in requests.items()]))


if __name__ == "__main__":
    main()
