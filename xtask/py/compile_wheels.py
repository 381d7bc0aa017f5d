"""Usage: compile_wheels.py SITE_PACKAGES DESTINATION_PACK WHEEL...

Unpacks the wheels, leaves out what a running app never reads, and packs the rest with its bytecode.
SITE_PACKAGES is where the pack will be mounted.
"""

import re
import sys
import zipfile

from bytecode import with_bytecode, write_pack

# What importlib.metadata needs to answer version(), entry_points() and packages_distributions().
METADATA = {"METADATA", "entry_points.txt", "top_level.txt"}
LEFT_OUT_SUFFIXES = (".pyi", ".po", ".c", ".h", ".pxd", ".pyx", "/py.typed")
LEFT_OUT = re.compile(r"(^|/)(tests?|testing_data)/")
# Packages called test or tests that are no tests.
KEPT = re.compile(r"^django/test/")
DJANGO_LOCALE = re.compile(r"^django/(?:.*/)?locale/([^/]+)/")
LOCALES = {"en", "ko"}


def is_wanted(path: str) -> bool:
    """Whether the file `path` of a wheel goes into the pack."""
    package, _, rest = path.partition("/")
    if package.endswith(".dist-info"):
        return rest in METADATA
    if package.endswith(".data") or path.endswith(("/", *LEFT_OUT_SUFFIXES)):
        return False
    locale = DJANGO_LOCALE.match(path)
    if locale and locale[1] not in LOCALES:
        return False
    return bool(KEPT.match(path)) or not LEFT_OUT.search(path)


def main(site_packages: str, destination: str, *wheels: str) -> None:
    """Write `destination` from the `wheels`."""
    files: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for path in archive.namelist():
                if is_wanted(path):
                    files[path] = archive.read(path)
    write_pack(destination, with_bytecode(files, site_packages))


main(*sys.argv[1:])
