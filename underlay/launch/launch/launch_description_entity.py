"""Base of everything that a launch description can hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class LaunchDescriptionEntity:
    """A node of the tree that a launch walks."""

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Do what this entity means; return the entities to visit next."""
        return None

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Entities that are always visited after this one, found without launching."""
        return []

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Entities that may be visited, each list with the condition in words."""
        return []

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """A future that ends when the entity's work ends, or None if it has no work that lasts."""
        return None
