"""Arguments of launch files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import launch.logging

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class DeclareLaunchArgument(Action):
    """Declares an argument, whose value is the launch configuration of the same name.

    Afterwards the configuration is set and, where choices are given, one of them; else RuntimeError.
    """

    def __init__(
        self,
        name: str,
        *,
        default_value: SomeSubstitutionsType | None = None,
        description: str | None = None,
        choices: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.__name = name
        self.__logger = launch.logging.get_logger(__name__)
        self.__default_value = (
            None if default_value is None else normalize_to_list_of_substitutions(default_value)
        )
        self.__choices = choices
        if choices is not None:
            self.__check(choices, default_value)
        self.__description = _describe(description, choices)
        # Whether a launch file may leave the argument out; found by LaunchDescription.
        self._conditionally_included = False

    def __check(self, choices: Sequence[str], default_value: SomeSubstitutionsType | None) -> None:
        if len(choices) == 0:
            self.__fail("Provided choices arg is empty. Use None to ignore the choice list.")
        if isinstance(default_value, str) and default_value not in choices:
            self.__fail(f'Provided default_value "{default_value}" is not in provided choices "{choices}".')

    def __fail(self, message: str, logged: str | None = None) -> None:
        self.__logger.error(message if logged is None else logged)
        raise RuntimeError(message)

    @property
    def name(self) -> str:
        """Name of the argument."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """Value where none is given; None: one must be given."""
        return self.__default_value

    @property
    def description(self) -> str:
        """What the argument is for, and its choices."""
        return self.__description

    @property
    def choices(self) -> Sequence[str] | None:
        """Values that are allowed; None: all."""
        return self.__choices

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                self.__fail(
                    f'Required launch argument "{self.name}" was not provided.',
                    f'Required launch argument "{self.name}" (description: "{self.description}") was '
                    "not provided",
                )
            else:
                context.launch_configurations[self.name] = perform_substitutions(context, self.default_value)
        if self.choices is not None:
            value = context.launch_configurations[self.name]
            if value not in self.choices:
                self.__fail(
                    f'Argument "{self.name}" provided value "{value}" is not valid. '
                    f"Valid options are: {self.choices}"
                )
        return None


def _describe(description: str | None, choices: Sequence[str] | None) -> str:
    if choices is None:
        return "no description given" if description is None else description
    if description is None:
        return f"One of: {choices}"
    return f"{description}{'' if description.endswith('.') else '.'} Valid choices are: {choices}"
