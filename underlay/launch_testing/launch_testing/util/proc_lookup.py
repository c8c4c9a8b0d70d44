"""Processes by name and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from launch.actions import ExecuteLocal

# Asks for a process without arguments.
NO_CMD_ARGS = object()


class NoMatchingProcessException(Exception):
    """No process, of those that have been heard of, is meant."""


class KnowsProcesses(Protocol):
    """What has heard of processes."""

    def processes(self) -> Iterable[ExecuteLocal]:
        """Their actions."""


def resolveProcesses(
    info_obj: KnowsProcesses,
    *,
    process: ExecuteLocal | str | None = None,
    cmd_args: Any = None,
    strict_proc_matching: bool = True,
) -> list[ExecuteLocal]:
    """The actions of the processes that are meant.

    process: an action, a part of a name, or None for all. cmd_args: a text, or several, that must be
    arguments, NO_CMD_ARGS for none at all. strict_proc_matching: a name must mean one process only.
    Raises NoMatchingProcessException if none is meant, TypeError if `process` is something else.
    """
    known = list(info_obj.processes())
    if process is None:
        if not known:
            raise NoMatchingProcessException("No data recorded for any process")
        return known
    if isinstance(process, ExecuteLocal):
        if process not in known:
            raise NoMatchingProcessException(f"No data recorded for proc {_describe(process)}")
        return [process]
    if not isinstance(process, str):
        raise TypeError(f"proc argument must be 'ExecuteProcess' or 'str' not {type(process)}")
    wanted = [cmd_args] if isinstance(cmd_args, str) else cmd_args
    matches = [action for action in known if process in _name(action) and _has_arguments(action, wanted)]
    listed = ", ".join(sorted(_describe(action) for action in known))
    if not matches:
        raise NoMatchingProcessException(
            f"Did not find any processes matching name '{process}' and args '{wanted}'. Procs: {listed}"
        )
    if strict_proc_matching and len(matches) > 1:
        raise Exception(
            f"Found multiple processes matching name '{process}' and cmd_args '{wanted}'. Procs: {listed}"
        )
    return matches


def _has_arguments(action: ExecuteLocal, wanted: Sequence[str] | object | None) -> bool:
    arguments = _command(action)[1:]
    if wanted is None:
        return True
    if wanted is NO_CMD_ARGS:
        return not arguments
    return all(argument in arguments for argument in wanted)  # type: ignore[attr-defined]


def _name(action: ExecuteLocal) -> str:
    return "" if action.process_details is None else str(action.process_details["name"])


def _command(action: ExecuteLocal) -> list[str]:
    return [] if action.process_details is None else list(action.process_details["cmd"])


def _describe(action: ExecuteLocal) -> str:
    if action.process_details is None:
        return "Unknown - Process not launched yet"
    return f"{_name(action)} {' '.join(_command(action)[1:])}"
