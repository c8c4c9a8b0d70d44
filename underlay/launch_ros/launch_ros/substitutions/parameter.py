"""Parameters that SetParameter has set."""

from __future__ import annotations

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class Parameter(Substitution):
    """Value of a parameter of this scope, or the default if it has none."""

    def __init__(self, name: SomeSubstitutionsType, *, default: SomeSubstitutionsType | None = None) -> None:
        self.__name = normalize_to_list_of_substitutions(name)
        self.__default = None if default is None else normalize_to_list_of_substitutions(default)

    @property
    def name(self) -> list[Substitution]:
        """Name of the parameter."""
        return self.__name

    @property
    def default(self) -> list[Substitution] | None:
        """What stands for a parameter that is not set."""
        return self.__default

    def describe(self) -> str:
        return f"Parameter(name={' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the parameter is not set and there is no default."""
        name = perform_substitutions(context, self.name)
        for entry in context.launch_configurations.get("global_params", []):
            if isinstance(entry, tuple) and entry[0] == name:
                return str(entry[1])
        if self.__default is None:
            raise SubstitutionFailure(f"parameter '{name}' does not exist")
        return perform_substitutions(context, self.__default)
