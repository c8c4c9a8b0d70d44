"""Actions with a scope of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from .environment import PopEnvironment, PushEnvironment, ResetEnvironment
from .launch_configurations import (
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    ResetLaunchConfigurations,
    SetLaunchConfiguration,
)

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class GroupAction(Action):
    """Visits actions.

    scoped: changes of launch configurations and environment end with the group. forwarding: the group sees
    those of the outside; only asked where it is scoped. launch_configurations: set for the group.
    """

    def __init__(
        self,
        actions: Iterable[LaunchDescriptionEntity],
        *,
        scoped: bool = True,
        forwarding: bool = True,
        launch_configurations: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **left_over_kwargs: Any,
    ) -> None:
        super().__init__(**left_over_kwargs)
        self.__actions = actions
        self.__scoped = scoped
        self.__forwarding = forwarding
        self.__launch_configurations = dict(launch_configurations or {})
        self.__entities: list[LaunchDescriptionEntity] | None = None

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        if self.__entities is None:
            self.__entities = self.__assemble()
        return self.__entities

    def __assemble(self) -> list[LaunchDescriptionEntity]:
        actions = list(self.__actions)
        settings = [
            SetLaunchConfiguration(name, value) for name, value in self.__launch_configurations.items()
        ]
        if not self.__scoped:
            return [*settings, *actions]
        if self.__forwarding:
            start: list[LaunchDescriptionEntity] = list(settings)
        else:
            start = [ResetEnvironment(), ResetLaunchConfigurations(self.__launch_configurations)]
        return [
            PushLaunchConfigurations(),
            PushEnvironment(),
            *start,
            *actions,
            PopEnvironment(),
            PopLaunchConfigurations(),
        ]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        return self.get_sub_entities()
