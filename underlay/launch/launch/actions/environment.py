"""Actions on the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class SetEnvironmentVariable(Action):
    """Sets an environment variable."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = normalize_to_list_of_substitutions(value)

    @property
    def name(self) -> list[Substitution]:
        """Name of the variable."""
        return self.__name

    @property
    def value(self) -> list[Substitution]:
        """Its value."""
        return self.__value

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context.environment[perform_substitutions(context, self.name)] = perform_substitutions(
            context, self.value
        )
        return None


class PushEnvironment(Action):
    """Remembers the environment."""

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context._push_environment()
        return None


class PopEnvironment(Action):
    """Goes back to the environment that was remembered last."""

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context._pop_environment()
        return None


class ResetEnvironment(Action):
    """Goes back to the environment at the start of the launch."""

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        context._reset_environment()
        return None
