"""The values that gunicorn's ``--access-logformat`` may ask for."""

from typing import Any


class Atoms(dict[str, Any]):
    """Quotes are escaped, and what there is not is a dash."""

    def __getitem__(self, name: str) -> Any:
        if name.startswith("{"):
            name = name.lower()
        value = super().get(name, "-")
        return value.replace('"', '\\"') if isinstance(value, str) else value
