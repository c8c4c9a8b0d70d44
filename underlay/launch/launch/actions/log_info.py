"""Messages to the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import launch.logging

from ..action import Action
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LogInfo(Action):
    """Logs a message."""

    def __init__(self, *, msg: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__msg = normalize_to_list_of_substitutions(msg)
        self.__logger = launch.logging.get_logger("launch.user")

    @property
    def msg(self) -> list[Substitution]:
        """The message."""
        return self.__msg

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        self.__logger.info(perform_substitutions(context, self.msg))
        return None
