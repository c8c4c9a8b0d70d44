"""Parameters for a scope."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions

from ..parameters_type import SomeParameterValue
from ..utilities.evaluate_parameters import evaluate_parameter_dict
from ..utilities.normalize_parameters import normalize_parameter_dict

_KEY = "global_params"


def _extend(context: LaunchContext, entries: list[Any]) -> None:
    # A new list: the enclosing scope holds the old one.
    context.launch_configurations[_KEY] = [*context.launch_configurations.get(_KEY, []), *entries]


class SetParameter(Action):
    """Sets a parameter for all nodes that follow in this scope."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeParameterValue, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__parameters = normalize_parameter_dict({tuple(normalize_to_list_of_substitutions(name)): value})

    @property
    def name(self) -> tuple[Substitution, ...]:
        """Name of the parameter."""
        return next(iter(self.__parameters))

    @property
    def value(self) -> Any:
        """Its value, normalized."""
        return self.__parameters[self.name]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        _extend(context, list(evaluate_parameter_dict(context, self.__parameters).items()))
        return None
