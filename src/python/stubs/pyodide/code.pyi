from typing import Any

def run_js(code: str, /) -> Any:
    """Evaluates JavaScript."""
