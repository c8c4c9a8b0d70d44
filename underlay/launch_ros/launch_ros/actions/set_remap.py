"""Remappings for a scope."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class SetRemap(Action):
    """Remaps a name for all nodes that follow in this scope."""

    def __init__(self, src: SomeSubstitutionsType, dst: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__src = normalize_to_list_of_substitutions(src)
        self.__dst = normalize_to_list_of_substitutions(dst)

    @property
    def src(self) -> list[Substitution]:
        """The name in the nodes."""
        return self.__src

    @property
    def dst(self) -> list[Substitution]:
        """The name outside."""
        return self.__dst

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        rule = (perform_substitutions(context, self.src), perform_substitutions(context, self.dst))
        # A new list: the enclosing scope holds the old one.
        rules = context.launch_configurations.get("ros_remaps", [])
        context.launch_configurations["ros_remaps"] = [*rules, rule]
        return None
