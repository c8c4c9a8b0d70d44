"""Where launch descriptions come from."""

from __future__ import annotations

import traceback

import launch.logging

from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .some_substitutions_type import SomeSubstitutionsType
from .utilities import normalize_to_list_of_substitutions, perform_substitutions


class LaunchDescriptionSource:
    """A launch description that exists, or that a subclass loads from a location."""

    def __init__(
        self,
        launch_description: LaunchDescription | None = None,
        location: SomeSubstitutionsType = "<string>",
        method: str = "unspecified mechanism from a script",
    ) -> None:
        self.__launch_description = launch_description
        self.__location = normalize_to_list_of_substitutions(location)
        self.__expanded_location: str | None = None
        self.__method = method
        self.__logger = launch.logging.get_logger(__name__)

    def try_get_launch_description_without_context(self) -> LaunchDescription | None:
        """The description if it can be had without launching, else None."""
        if self.__launch_description is not None:
            return self.__launch_description
        try:
            return self._get_launch_description(perform_substitutions(LaunchContext(), self.__location))
        except Exception as error:
            self.__logger.debug(traceback.format_exc())
            self.__logger.debug(f"Failed to load the launch file without a context: {error}")
            return None

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """The description, loaded the first time."""
        if self.__expanded_location is None:
            self.__expanded_location = perform_substitutions(context, self.__location)
        if self.__launch_description is None:
            self.__launch_description = self._get_launch_description(self.__expanded_location)
        return self.__launch_description

    def _get_launch_description(self, location: str) -> LaunchDescription:
        raise RuntimeError(
            "LaunchDescriptionSource.get_launch_description(): called without launch description being set"
        )

    @property
    def location(self) -> str:
        """Path; before the description was loaded, what the path will be made of."""
        if self.__expanded_location is None:
            return " + ".join(sub.describe() for sub in self.__location)
        return self.__expanded_location

    @property
    def method(self) -> str:
        """How the description is had, for a person."""
        return self.__method
