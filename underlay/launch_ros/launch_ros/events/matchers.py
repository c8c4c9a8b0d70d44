"""Matchers of nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..actions import Node


def matches_node_name(node_name: str) -> Callable[[Node], bool]:
    """A matcher that takes the node of this name, namespace included."""
    wanted = node_name if node_name.startswith("/") else f"/{node_name}"
    return lambda action: getattr(action, "node_name", None) == wanted
