"""Matchers of actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..action import Action


def matches_action(target_action: Action) -> Callable[[Action], bool]:
    """A matcher that takes this very action."""
    return lambda action: action is target_action
