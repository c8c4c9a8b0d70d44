"""The value of an environment variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class EnvironmentVariable(Substitution):
    """Value of an environment variable of the launch context, or the default if it is not set."""

    def __init__(
        self, name: SomeSubstitutionsType, *, default_value: SomeSubstitutionsType | None = None
    ) -> None:
        self.__name = normalize_to_list_of_substitutions(name)
        self.__default_value = (
            None if default_value is None else normalize_to_list_of_substitutions(default_value)
        )

    @property
    def name(self) -> list[Substitution]:
        """Name of the variable."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """What stands for a variable that is not set."""
        return self.__default_value

    def describe(self) -> str:
        return f"EnvVar({' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the variable is not set and there is no default."""
        name = perform_substitutions(context, self.name)
        if name in context.environment:
            return context.environment[name]
        if self.default_value is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return perform_substitutions(context, self.default_value)
