"""Matchers of processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


def matches_pid(pid: int) -> Callable[[ExecuteLocal], bool]:
    """A matcher that takes the process with this id."""

    def matcher(action: ExecuteLocal) -> bool:
        return action.process_details is not None and action.process_details.get("pid") == pid

    return matcher


def matches_name(name: str) -> Callable[[ExecuteLocal], bool]:
    """A matcher that takes the process with this unique name."""
    return lambda action: action.process_details is not None and action.process_details["name"] == name


def matches_executable(executable: str) -> Callable[[ExecuteLocal], bool]:
    """A matcher that takes processes of this executable."""

    def matcher(action: ExecuteLocal) -> bool:
        details = action.process_details
        return details is not None and os.path.basename(details["cmd"][0]) == executable

    return matcher
