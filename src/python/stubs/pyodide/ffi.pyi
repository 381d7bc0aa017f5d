from collections.abc import Awaitable
from typing import Any

def can_run_sync() -> bool:
    """Whether this stack can be suspended."""

def run_sync(x: Awaitable[Any]) -> Any:
    """Suspends this stack until the awaitable has a result (JSPI)."""
