"""Processes of single tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from launch.actions import ExecuteProcess
from launch.events import IncludeLaunchDescription, matches_action
from launch.events.process import ProcessExited, ProcessStarted, ShutdownProcess
from launch.utilities import ensure_argument_type

from launch import LaunchDescription, LaunchService

from ..io_handler import ActiveIoHandler
from ..proc_info_handler import ActiveProcInfoHandler


class ProcessProxy:
    """What there is to know of one process, with waiting."""

    def __init__(
        self,
        process_action: ExecuteProcess,
        proc_info: ActiveProcInfoHandler,
        proc_output: ActiveIoHandler,
        *,
        output_filter: Callable[[str], str] | None = None,
    ) -> None:
        ensure_argument_type(process_action, ExecuteProcess, "process_action")
        ensure_argument_type(proc_info, ActiveProcInfoHandler, "proc_info")
        ensure_argument_type(proc_output, ActiveIoHandler, "proc_output")
        if output_filter is not None and not callable(output_filter):
            raise TypeError(f"Expected 'output_filter' to be callable but got '{output_filter!r}'")
        self._action = process_action
        self._proc_info = proc_info
        self._proc_output = proc_output
        self._filter = output_filter

    def wait_for_shutdown(self, timeout: float | None = None) -> bool:
        """Whether the process ends within the seconds; None waits without limit."""
        with self._proc_info.proc_event:
            return self._proc_info.proc_event.wait_for(lambda: self.terminated, timeout=timeout)

    def wait_for_output(
        self, condition: Callable[[str], bool] | None = None, timeout: float | None = None
    ) -> bool:
        """Whether, within the seconds, the output of the running process meets a condition, by default
        any.
        """
        if condition is not None and not callable(condition):
            raise TypeError(f"Expected 'condition' to be callable but got '{condition!r}'")

        def holds() -> bool:
            if not self.running:
                return False
            output = self.output
            return bool(output) if condition is None else condition(output)

        with self._proc_output.io_event:
            return self._proc_output.io_event.wait_for(holds, timeout=timeout)

    @property
    def target_process_action(self) -> ExecuteProcess:
        """The action of the process."""
        return self._action

    @property
    def stdout(self) -> str:
        """Standard output so far."""
        return self._text(lambda piece: bool(piece.from_stdout))

    @property
    def stderr(self) -> str:
        """Standard error so far."""
        return self._text(lambda piece: bool(piece.from_stderr))

    @property
    def output(self) -> str:
        """Both so far."""
        return self._text(lambda piece: True)

    def _text(self, wanted: Callable[[Any], bool]) -> str:
        try:
            pieces = self._proc_output[self._action]
        except KeyError:
            return ""
        text = b"".join(piece.text for piece in pieces if wanted(piece)).decode(errors="replace")
        return text if self._filter is None else self._filter(text)

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return isinstance(self._event(), ProcessStarted)

    @property
    def terminated(self) -> bool:
        """Whether the process has ended."""
        return isinstance(self._event(), ProcessExited)

    @property
    def exit_code(self) -> int:
        """Its exit code; an error while it runs."""
        return int(self._proc_info[self._action].returncode)

    def _event(self) -> Any:
        try:
            return self._proc_info[self._action]
        except KeyError:
            return None


@contextlib.contextmanager
def launch_process(
    launch_service: LaunchService,
    process_action: ExecuteProcess,
    proc_info: ActiveProcInfoHandler,
    proc_output: ActiveIoHandler,
    **kwargs: Any,
) -> Iterator[ProcessProxy]:
    """Run a process while the context lasts; further arguments are those of ProcessProxy."""
    ensure_argument_type(process_action, ExecuteProcess, "process_action")
    launch_service.emit_event(IncludeLaunchDescription(LaunchDescription([process_action])))
    proxy = ProcessProxy(process_action, proc_info, proc_output, **kwargs)
    try:
        yield proxy
    finally:
        if not proxy.terminated:
            launch_service.emit_event(ShutdownProcess(process_matcher=matches_action(process_action)))
