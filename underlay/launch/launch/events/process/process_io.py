"""A process wrote something."""

from typing import Any

from .running_process_event import RunningProcessEvent


class ProcessIO(RunningProcessEvent):
    """Emitted when bytes went through one of a process's standard streams."""

    name = "launch.events.process.ProcessIO"

    def __init__(self, *, text: bytes, fd: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__text = text
        self.__from_fd = fd

    @property
    def text(self) -> bytes:
        """The bytes."""
        return self.__text

    @property
    def from_stdin(self) -> bool:
        """Whether they went to standard input."""
        return self.__from_fd == 0

    @property
    def from_stdout(self) -> bool:
        """Whether they came from standard output."""
        return self.__from_fd == 1

    @property
    def from_stderr(self) -> bool:
        """Whether they came from standard error."""
        return self.__from_fd == 2


class ProcessStdout(ProcessIO):
    """Bytes from standard output."""

    name = "launch.events.process.ProcessStdout"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=1, **kwargs)


class ProcessStderr(ProcessIO):
    """Bytes from standard error."""

    name = "launch.events.process.ProcessStderr"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=2, **kwargs)
