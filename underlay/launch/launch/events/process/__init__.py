"""What processes do, and what is asked of them."""

from .process_exited import ProcessExited
from .process_io import ProcessIO, ProcessStderr, ProcessStdout
from .process_matchers import matches_name
from .process_started import ProcessStarted
from .process_targeted_event import ProcessTargetedEvent, ShutdownProcess, SignalProcess
from .running_process_event import RunningProcessEvent

__all__ = [
    "ProcessExited",
    "ProcessIO",
    "ProcessStarted",
    "ProcessStderr",
    "ProcessStdout",
    "ProcessTargetedEvent",
    "RunningProcessEvent",
    "ShutdownProcess",
    "SignalProcess",
    "matches_name",
]
