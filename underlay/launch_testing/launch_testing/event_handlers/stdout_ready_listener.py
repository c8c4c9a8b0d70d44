"""Processes that say that they are ready."""

from __future__ import annotations

from launch.actions import ExecuteLocal
from launch.event_handlers import OnProcessIO
from launch.events.process import ProcessIO

from launch import SomeEntitiesType


class StdoutReadyListener(OnProcessIO):
    """Visits actions once, when a text has been read from a process's standard output."""

    def __init__(
        self, *, target_action: ExecuteLocal | None = None, ready_txt: str, actions: SomeEntitiesType
    ) -> None:
        self.__ready_text = ready_txt
        self.__actions: SomeEntitiesType | None = actions
        super().__init__(target_action=target_action, on_stdout=self.__on_stdout)

    def __on_stdout(self, event: ProcessIO) -> SomeEntitiesType | None:
        if self.__actions is None or self.__ready_text not in event.text.decode(errors="replace"):
            return None
        actions, self.__actions = self.__actions, None
        return actions
