"""A process runs."""

from .running_process_event import RunningProcessEvent


class ProcessStarted(RunningProcessEvent):
    """Emitted when a process has been started."""

    name = "launch.events.process.ProcessStarted"
