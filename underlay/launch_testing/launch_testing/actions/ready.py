"""Start of the tests."""

from __future__ import annotations

from collections.abc import Callable

import launch.logging
from launch import Action, LaunchContext, LaunchDescriptionEntity


class ReadyToTest(Action):
    """The tests may begin. Every test description holds one."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], None]] = []

    def _add_callback(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception as error:
                launch.logging.get_logger(__name__).error(error)
        return None
