"""What processes do, and what is asked of them."""

from .process_exited import ProcessExited
from .process_io import ProcessIO, ProcessStderr, ProcessStdin, ProcessStdout
from .process_matchers import matches_executable, matches_name, matches_pid
from .process_started import ProcessStarted
from .process_targeted_event import ProcessTargetedEvent, ShutdownProcess, SignalProcess
from .running_process_event import RunningProcessEvent

__all__ = [
    "ProcessExited",
    "ProcessIO",
    "ProcessStarted",
    "ProcessStderr",
    "ProcessStdin",
    "ProcessStdout",
    "ProcessTargetedEvent",
    "RunningProcessEvent",
    "ShutdownProcess",
    "SignalProcess",
    "matches_executable",
    "matches_name",
    "matches_pid",
]
