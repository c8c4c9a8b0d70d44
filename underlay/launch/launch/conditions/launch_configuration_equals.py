"""Conditions on the value of one launch configuration; EqualsSubstitution is the newer way."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from ..condition import Condition
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LaunchConfigurationEquals(Condition):
    """Holds where the configuration has this value; None asks for a configuration that is not set."""

    def __init__(self, launch_configuration_name: str, expected_value: SomeSubstitutionsType | None) -> None:
        warnings.warn(
            f"{type(self).__name__} is deprecated: write IfCondition(EqualsSubstitution("
            f"LaunchConfiguration('{launch_configuration_name}'), value)) or NotEqualsSubstitution",
            UserWarning,
            stacklevel=2,
        )
        self.__name = launch_configuration_name
        self.__expected = (
            None if expected_value is None else normalize_to_list_of_substitutions(expected_value)
        )
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        expected = None if self.__expected is None else perform_substitutions(context, self.__expected)
        return context.launch_configurations.get(self.__name) == expected


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """Holds where the configuration has another value, or none."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
