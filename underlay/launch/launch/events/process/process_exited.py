"""A process ended."""

from typing import Any

from .running_process_event import RunningProcessEvent


class ProcessExited(RunningProcessEvent):
    """Emitted when a process has ended."""

    name = "launch.events.process.ProcessExited"

    def __init__(self, *, returncode: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__returncode = returncode

    @property
    def returncode(self) -> int:
        """Exit status; minus the signal's number if a signal ended the process."""
        return self.__returncode
