"""Assertions about exit codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from launch.actions import ExecuteLocal

from ..util import resolveProcesses

EXIT_OK = 0
EXIT_SIGINT = 130
EXIT_SIGQUIT = 131
EXIT_SIGKILL = 137
EXIT_SIGSEGV = 139


def assertExitCodes(
    proc_info: Any,
    allowable_exit_codes: Iterable[int] = (EXIT_OK,),
    process: str | ExecuteLocal | None = None,
    cmd_args: Any = None,
    *,
    strict_proc_matching: bool = True,
) -> None:
    """AssertionError unless the processes, by default all, ended with one of the codes.

    A process that a signal ended has minus the signal's number as its code.
    """
    codes = list(allowable_exit_codes)
    for code in codes:
        if not isinstance(code, int):
            raise AssertionError(f"Provided exit code {code} is not an int")
    for action in resolveProcesses(
        info_obj=proc_info, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching
    ):
        event = proc_info[action]
        if event.returncode not in codes:
            raise AssertionError(f"Proc {event.process_name} exited with code {event.returncode}")
