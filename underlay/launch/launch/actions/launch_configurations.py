"""Actions on launch configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class SetLaunchConfiguration(Action):
    """Sets a launch configuration."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = normalize_to_list_of_substitutions(value)

    @property
    def name(self) -> list[Substitution]:
        """Name of the configuration."""
        return self.__name

    @property
    def value(self) -> list[Substitution]:
        """Its value."""
        return self.__value

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        name = perform_substitutions(context, self.name)
        context.launch_configurations[name] = perform_substitutions(context, self.value)
        return None


class PushLaunchConfigurations(Action):
    """Remembers all launch configurations."""

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context._push_launch_configurations()
        return None


class PopLaunchConfigurations(Action):
    """Goes back to the launch configurations that were remembered last."""

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context._pop_launch_configurations()
        return None


class ResetLaunchConfigurations(Action):
    """Removes all launch configurations but those given, which are computed before."""

    def __init__(
        self,
        launch_configurations: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.__launch_configurations = dict(launch_configurations or {})

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        kept = {
            perform_substitutions(context, normalize_to_list_of_substitutions(name)): perform_substitutions(
                context, normalize_to_list_of_substitutions(value)
            )
            for name, value in self.__launch_configurations.items()
        }
        context.launch_configurations.clear()
        context.launch_configurations.update(kept)
        return None
