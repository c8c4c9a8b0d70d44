"""Matchers of processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


def matches_name(name: str) -> Callable[[ExecuteLocal], bool]:
    """A matcher that takes the process with this unique name."""
    return lambda action: action.process_details is not None and action.process_details["name"] == name
