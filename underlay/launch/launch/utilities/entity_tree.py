"""Walking a tree of entities."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

EntityFuture = tuple[LaunchDescriptionEntity, "asyncio.Future[None]"]


def normalize_to_list_of_entities(entities: Iterable[SomeEntitiesType]) -> list[LaunchDescriptionEntity]:
    """Entities and lists of entities as one flat list."""
    flat: list[LaunchDescriptionEntity] = []
    for entity in entities:
        if isinstance(entity, LaunchDescriptionEntity):
            flat.append(entity)
        elif isinstance(entity, Iterable):
            flat.extend(normalize_to_list_of_entities(entity))
        else:
            raise TypeError(f"expected a LaunchDescriptionEntity but got '{entity}' of type '{type(entity)}'")
    return flat


def visit_all_entities_and_collect_futures(
    entity: LaunchDescriptionEntity, context: LaunchContext
) -> list[EntityFuture]:
    """Visit an entity and, depth first, all that it yields; return whose work goes on and until when.

    Locals that an entity sets are seen by the entities below it only.
    """
    futures: list[EntityFuture] = []
    context._push_locals()
    try:
        for sub_entity in entity.visit(context) or ():
            futures += visit_all_entities_and_collect_futures(sub_entity, context)
        future = entity.get_asyncio_future()
        if future is not None:
            futures.append((entity, future))
    finally:
        context._pop_locals()
    return futures
