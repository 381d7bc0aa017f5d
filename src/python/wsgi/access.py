"""What gunicorn's access log shows of an environ. It is written from what the app has left of it:
the client that a middleware has put there, for one.
"""

import base64
import binascii
import re
from typing import Any, Final

from ..bridge.log import DEBUG, log

_ATOM: Final = re.compile(r"%\(([^)]*)\)")
_KEYS: Final = {
    "h": ("REMOTE_ADDR",),
    "r": ("REQUEST_METHOD", "RAW_URI", "SERVER_PROTOCOL"),
    "m": ("REQUEST_METHOD",),
    "U": ("PATH_INFO",),
    "q": ("QUERY_STRING",),
    "H": ("SERVER_PROTOCOL",),
    "f": ("HTTP_REFERER",),
    "a": ("HTTP_USER_AGENT",),
}
"""What atoms of the format are made of."""
_DASHES: Final = ("REMOTE_ADDR", "HTTP_REFERER", "HTTP_USER_AGENT")
"""Of which a dash stands for what is missing."""


class Watch:
    """Looks for what has changed of an environ between two moments."""

    def __init__(self, format: str) -> None:
        atoms = _ATOM.findall(format)
        self._keys = tuple(dict.fromkeys(key for atom in atoms for key in _KEYS.get(atom, ())))
        self._shows_user = "u" in atoms
        self._variables = tuple(
            atom[1:-2].lower() for atom in atoms if atom.startswith("{") and atom.endswith("}e")
        )

    def look(self, environ: dict[str, Any]) -> list[Any]:
        """What there is at first."""
        return [environ.get(key) for key in self._keys]

    def changes(self, environ: dict[str, Any], before: list[Any]) -> list[str]:
        """What there is now, where it is not what it was: names and values in turn."""
        changes: list[str] = []
        for key, value in zip(self._keys, before):
            now = environ.get(key)
            if now is not value:
                missing = "-" if key in _DASHES and key not in environ else "None"
                changes += (key, missing if now is None else str(now))
        if self._shows_user and (user := _user(environ)):
            changes += ("user", user)
        if self._variables:
            shown = {key.lower(): value for key, value in environ.items()}
            for name in self._variables:
                changes += (f"{{{name}}}e", str(shown.get(name, "-")))
        return changes


def _user(environ: dict[str, Any]) -> str | None:
    """The user of HTTP Basic authentication."""
    authorization = environ.get("HTTP_AUTHORIZATION")
    if not authorization or not authorization.lower().startswith("basic"):
        return None
    _, space, credentials = authorization.partition(" ")
    if not space:
        return None
    try:
        decoded = base64.b64decode(credentials.strip().encode())
        return decoded.split(b":", 1)[0].decode()
    except (TypeError, binascii.Error, UnicodeDecodeError) as error:
        log(DEBUG, f"Couldn't get username: {error}")
        return None
