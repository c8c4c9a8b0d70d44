"""Base of what a running process does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...event import Event

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class RunningProcessEvent(Event):
    """Something that a process, which has been started, did."""

    name = "launch.events.process.RunningProcessEvent"

    def __init__(
        self,
        *,
        action: ExecuteLocal,
        name: str,
        cmd: list[str],
        cwd: str | None,
        env: dict[str, str] | None,
        pid: int,
    ) -> None:
        self.__action = action
        self.__name = name
        self.__cmd = cmd
        self.__cwd = cwd
        self.__env = env
        self.__pid = pid

    @property
    def action(self) -> ExecuteLocal:
        """The action that started the process."""
        return self.__action

    @property
    def process_name(self) -> str:
        """Its unique name, for example `talker-1`."""
        return self.__name

    @property
    def cmd(self) -> list[str]:
        """Its command line."""
        return self.__cmd

    @property
    def cwd(self) -> str | None:
        """The folder it runs in; None: that of the launch."""
        return self.__cwd

    @property
    def env(self) -> dict[str, str] | None:
        """Its environment."""
        return self.__env

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.__pid
