"""The value of a launch argument."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure
from .text_substitution import TextSubstitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LaunchConfiguration(Substitution):
    """Value of a launch configuration, or the default if it has none."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any | None = None) -> None:
        self.__variable_name = normalize_to_list_of_substitutions(variable_name)
        self.__default: list[Substitution] | None = None
        if isinstance(default, str | Substitution):
            self.__default = normalize_to_list_of_substitutions(default)
        elif isinstance(default, Iterable):
            self.__default = [
                item if isinstance(item, Substitution) else TextSubstitution(text=str(item))
                for item in default
            ]
        elif default is not None:
            self.__default = [TextSubstitution(text=str(default))]

    @property
    def variable_name(self) -> list[Substitution]:
        """Name of the configuration."""
        return self.__variable_name

    def describe(self) -> str:
        return f"LaunchConfig({' + '.join(sub.describe() for sub in self.variable_name)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the configuration is not set and there is no default."""
        name = perform_substitutions(context, self.variable_name)
        if name in context.launch_configurations:
            value: str = context.launch_configurations[name]
            return value
        if self.__default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self.__default)
