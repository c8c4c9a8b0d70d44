"""Helpers of tests."""

import sys

from launch.actions import ExecuteProcess

from .proc_lookup import NO_CMD_ARGS, NoMatchingProcessException, resolveProcesses

__all__ = ["NO_CMD_ARGS", "KeepAliveProc", "NoMatchingProcessException", "resolveProcesses"]


def KeepAliveProc() -> ExecuteProcess:
    """A process that does nothing until it is asked to end, where all others end on their own."""
    script = "import signal, sys; signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); signal.pause()"
    return ExecuteProcess(cmd=[sys.executable, "-I", "-S", "-c", script])
