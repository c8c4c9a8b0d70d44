"""Matchers of lifecycle nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...actions import LifecycleNode


def matches_node_name(node_name: str) -> Callable[[LifecycleNode], bool]:
    """A matcher that takes the node of this name, namespace included."""
    return lambda action: action.node_name == node_name
