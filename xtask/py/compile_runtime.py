"""Usage: compile_runtime.py SITE_PACKAGES PACKAGE DESTINATION_PACK SOURCE_DIRECTORY

Packs the directory's modules as the package PACKAGE, with their bytecode.
"""

import pathlib
import sys

from bytecode import cache_path, with_bytecode, write_pack


def main(site_packages: str, package: str, destination: str, directory: str) -> None:
    """Write `destination` from the modules under `directory`."""
    files: dict[str, bytes] = {}
    root = pathlib.Path(directory)
    for source in sorted(root.rglob("*.py")):
        files[f"{package}/{source.relative_to(root).as_posix()}"] = source.read_bytes()
    packed = with_bytecode(files, site_packages)
    for path in files:
        if cache_path(path) not in packed:
            raise SystemExit(
                f"{path} does not compile: run python3 -m py_compile on it to see why."
            )
    write_pack(destination, packed)


main(*sys.argv[1:])
