"""Launch descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import launch.logging

from .launch_description_entity import LaunchDescriptionEntity

if TYPE_CHECKING:
    from .action import Action
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription
    from .launch_context import LaunchContext

FoundArgument = tuple["DeclareLaunchArgument", "list[IncludeLaunchDescription] | None"]


class LaunchDescription(LaunchDescriptionEntity):
    """Entities to be visited in this order."""

    def __init__(
        self,
        initial_entities: Iterable[LaunchDescriptionEntity] | None = None,
        *,
        deprecated_reason: str | None = None,
    ) -> None:
        """deprecated_reason: why nobody should use the description; shown to who does."""
        self.__entities = [] if initial_entities is None else list(initial_entities)
        self.__deprecated_reason = deprecated_reason

    @property
    def entities(self) -> list[LaunchDescriptionEntity]:
        """The entities; may be changed until they are visited."""
        return self.__entities

    @property
    def deprecated(self) -> bool:
        """Whether nobody should use the description."""
        return self.__deprecated_reason is not None

    @property
    def deprecated_reason(self) -> str | None:
        """Why nobody should use the description."""
        return self.__deprecated_reason

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Add an entity at the end."""
        self.__entities.append(entity)

    def add_action(self, action: Action) -> None:
        """Add an action at the end."""
        self.add_entity(action)

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        if self.deprecated:
            path = context.get_locals_as_dict().get("current_launch_file_path")
            what = "deprecated launch description" if path is None else f"launch file [{path}] is deprecated"
            launch.logging.get_logger().warning(f"{what}: {self.deprecated_reason}")
        return self.__entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.__entities

    def get_launch_arguments(self, conditional_inclusion: bool = False) -> list[DeclareLaunchArgument]:
        """The arguments that this description and those it includes declare, as far as that is known
        unlaunched.
        """
        found = self.get_launch_arguments_with_include_launch_description_actions(conditional_inclusion)
        return [argument for argument, _ in found]

    def get_launch_arguments_with_include_launch_description_actions(
        self, conditional_inclusion: bool = False
    ) -> list[FoundArgument]:
        """The same, each with the include actions that lead to it, the outermost first, or None if none does.

        The first of several declarations of a name counts. conditional_inclusion: this description itself is
        only visited under some condition. Nothing is found behind a ResetLaunchConfigurations, which no
        argument passes.
        """
        found: dict[str, FoundArgument] = {}
        _find_arguments(self.entities, conditional_inclusion, [], found)
        return list(found.values())


def _find_arguments(
    entities: Iterable[LaunchDescriptionEntity],
    conditional: bool,
    includes: list[IncludeLaunchDescription],
    found: dict[str, FoundArgument],
) -> None:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription, ResetLaunchConfigurations

    for entity in entities:
        if isinstance(entity, DeclareLaunchArgument) and entity.name not in found:
            entity._conditionally_included = conditional or entity.condition is not None
            found[entity.name] = (entity, includes or None)
        if isinstance(entity, ResetLaunchConfigurations):
            return
        inner = [*includes, entity] if isinstance(entity, IncludeLaunchDescription) else includes
        _find_arguments(entity.describe_sub_entities(), conditional, inner, found)
        for _, conditional_entities in entity.describe_conditional_sub_entities():
            _find_arguments(conditional_entities, True, inner, found)
