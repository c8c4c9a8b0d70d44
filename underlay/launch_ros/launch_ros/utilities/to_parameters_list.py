"""Plain data from tuples."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """The value with lists where there were tuples, as YAML wants it."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
