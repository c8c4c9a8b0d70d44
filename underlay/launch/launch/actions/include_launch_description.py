"""Launch descriptions in launch descriptions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..launch_description_source import LaunchDescriptionSource
from ..launch_description_sources import AnyLaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .launch_configurations import SetLaunchConfiguration

if TYPE_CHECKING:
    from ..launch_context import LaunchContext
    from ..launch_description import LaunchDescription

LaunchArgument = tuple[SomeSubstitutionsType, SomeSubstitutionsType]


class IncludeLaunchDescription(Action):
    """Visits the launch description of a source, with arguments for it.

    An argument that the description does not declare is set as a launch configuration all the same.
    RuntimeError if the description certainly needs an argument that is not given.
    """

    def __init__(
        self,
        launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType,
        *,
        launch_arguments: Iterable[LaunchArgument] | None = None,
        **kwargs: Any,
    ) -> None:
        """launch_description_source: a source, or the path of a launch file."""
        super().__init__(**kwargs)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = AnyLaunchDescriptionSource(launch_description_source)
        self.__source = launch_description_source
        self.__launch_arguments = () if launch_arguments is None else tuple(launch_arguments)

    @property
    def launch_description_source(self) -> LaunchDescriptionSource:
        """Where the description comes from."""
        return self.__source

    @property
    def launch_arguments(self) -> Sequence[LaunchArgument]:
        """Names and values."""
        return self.__launch_arguments

    def describe(self) -> str:
        return f"IncludeLaunchDescription({self.__source.location})"

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        description = self.__source.try_get_launch_description_without_context()
        return [] if description is None else [description]

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        description = self.__source.get_launch_description(context)
        path = os.path.abspath(self.__source.location)
        folder = os.path.dirname(path) if os.path.exists(path) else self.__source.location
        context.extend_locals({"current_launch_file_path": path, "current_launch_file_directory": folder})
        self.__check_arguments(context, description)
        return [*(SetLaunchConfiguration(name, value) for name, value in self.launch_arguments), description]

    def __check_arguments(self, context: LaunchContext, description: LaunchDescription) -> None:
        given = [
            perform_substitutions(context, normalize_to_list_of_substitutions(name))
            for name, _ in self.launch_arguments
        ]
        for argument in description.get_launch_arguments():
            if argument._conditionally_included or argument.default_value is not None:
                continue
            if argument.name not in given:
                raise RuntimeError(
                    f"Included launch description missing required argument '{argument.name}' "
                    f"(description: '{argument.description}'), given: [{', '.join(given)}]"
                )
