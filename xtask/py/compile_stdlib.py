"""Usage: compile_stdlib.py PYODIDE_STDLIB_ZIP DESTINATION_ZIP

Writes the standard library with bytecode beside each source. zipimport prefers the bytecode, which
is stored so that reading it costs nothing; the sources, which only tracebacks read, are deflated.
"""

import io
import sys
import zipfile

from bytecode import compile_source, write

# Where Pyodide puts the archive; code objects carry this path.
ARCHIVE = "/lib/python314.zip"
# Fixed, so that the same input gives the same archive.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def main(source: str, destination: str) -> None:
    """Write `destination` from the archive `source`."""
    output = io.BytesIO()
    with zipfile.ZipFile(source) as stdlib, zipfile.ZipFile(output, "w") as archive:
        for name in sorted(stdlib.namelist()):
            if name.endswith("/"):
                continue
            contents = stdlib.read(name)
            add(archive, name, contents, zipfile.ZIP_DEFLATED)
            if name.endswith(".py"):
                bytecode = compile_source(contents, f"{ARCHIVE}/{name}")
                if bytecode is not None:
                    add(archive, f"{name}c", bytecode, zipfile.ZIP_STORED)
    write(destination, output.getvalue())


def add(archive: zipfile.ZipFile, name: str, contents: bytes, method: int) -> None:
    """Add a file with a fixed time."""
    entry = zipfile.ZipInfo(name, TIMESTAMP)
    entry.compress_type = method
    archive.writestr(entry, contents)


main(*sys.argv[1:])
