"""Files of environment variables, as ``python-dotenv`` reads them.

``NAME=value`` a line, with quotes, comments, ``export`` and ``${NAME}``.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

_BINDING: Final = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?
    (?:'(?P<quoted>[^'\n]+)'|(?P<name>[^=\#\s]+))[^\S\n]*
    =[^\S\n]*
    (?:'(?P<single>(?:\\'|[^'])*)'|"(?P<double>(?:\\"|[^"])*)"|(?P<bare>[^\n]*))
    [^\S\n]*(?:\#[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\([\\'\"abfnrtv])")
_ESCAPES: Final = dict(zip("abfnrtv", "\a\b\f\n\r\t\v"))
_VARIABLE: Final = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")


def _unescaped(text: str, only: str) -> str:
    def one(match: re.Match[str]) -> str:
        char = match[1]
        return _ESCAPES.get(char, char) if char in only else match[0]

    return _ESCAPE.sub(one, text)


def parse(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a file; what it refers to is looked for in ``environ``, then in the file
    above.
    """
    found: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        return environ.get(name, found.get(name, match["default"] or ""))

    for match in _BINDING.finditer(text.replace("\r\n", "\n")):
        if match["single"] is not None:
            value = _unescaped(match["single"], "\\'")
        elif match["double"] is not None:
            value = _unescaped(match["double"], "\\'\"abfnrtv")
        else:
            value = re.sub(r"\s+#.*", "", match["bare"]).rstrip()
        found[match["quoted"] or match["name"]] = _VARIABLE.sub(replaced, value)
    return found


def read(path: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the file; a directory, or a file that is gone meanwhile, has none."""
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return parse(file.read().removeprefix("\ufeff"), environ)
