"""What has become of processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from launch.actions import ExecuteLocal
from launch.events.process import ProcessExited, RunningProcessEvent

from .util import NoMatchingProcessException, resolveProcesses


class ProcInfoHandler:
    """The last event, ProcessStarted or ProcessExited, of every process."""

    def __init__(self) -> None:
        self._proc_info: dict[ExecuteLocal, Any] = {}

    def append(self, process_info: RunningProcessEvent) -> None:
        """Add an event."""
        self._proc_info[process_info.action] = process_info

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._proc_info.values()))

    def processes(self) -> list[ExecuteLocal]:
        """Actions of all processes."""
        return list(self._proc_info)

    def process_names(self) -> list[str]:
        """Names of all processes."""
        return [event.process_name for event in self]

    def __getitem__(self, key: str | ExecuteLocal) -> Any:
        """The event of a process, by a part of its name or its action; KeyError if there is none."""
        if not isinstance(key, str):
            return self._proc_info[key]
        for event in self:
            if key in event.process_name:
                return event
        raise KeyError(key)


class ActiveProcInfoHandler(ProcInfoHandler):
    """The same while processes run: for several threads, and with waiting."""

    def __init__(self) -> None:
        self._proc_info_handler = ProcInfoHandler()
        self._sync_lock = threading.Condition()

    @property
    def proc_event(self) -> threading.Condition:
        """Notified with every event."""
        return self._sync_lock

    def append(self, process_info: RunningProcessEvent) -> None:
        with self._sync_lock:
            self._proc_info_handler.append(process_info)
            self._sync_lock.notify_all()

    def __iter__(self) -> Iterator[Any]:
        with self._sync_lock:
            return iter(self._proc_info_handler)

    def processes(self) -> list[ExecuteLocal]:
        with self._sync_lock:
            return self._proc_info_handler.processes()

    def process_names(self) -> list[str]:
        with self._sync_lock:
            return self._proc_info_handler.process_names()

    def __getitem__(self, key: str | ExecuteLocal) -> Any:
        with self._sync_lock:
            return self._proc_info_handler[key]

    def assertWaitForShutdown(
        self, process: str | ExecuteLocal, cmd_args: Any = None, *, timeout: float = 10
    ) -> None:
        """Wait so many seconds for a process to end; AssertionError if it does not."""
        self.__wait_for(
            lambda event: isinstance(event, ProcessExited), process, cmd_args, timeout, "to finish"
        )

    def assertWaitForStartup(
        self, process: str | ExecuteLocal, cmd_args: Any = None, *, timeout: float = 10
    ) -> None:
        """Wait so many seconds for a process to start; AssertionError if it does not."""
        self.__wait_for(lambda event: True, process, cmd_args, timeout, "to start")

    def __wait_for(
        self,
        condition: Callable[[Any], bool],
        process: str | ExecuteLocal,
        cmd_args: Any,
        timeout: float,
        what: str,
    ) -> None:
        def holds() -> bool:
            try:
                (action,) = resolveProcesses(self._proc_info_handler, process=process, cmd_args=cmd_args)
            except NoMatchingProcessException:
                return False
            return condition(self._proc_info_handler[action])

        with self._sync_lock:
            success = self._sync_lock.wait_for(holds, timeout=timeout)
        if not success:
            raise AssertionError(f"Timed out waiting for process '{process}' {what}")
