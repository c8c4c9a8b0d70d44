"""Requests to processes."""

from __future__ import annotations

import signal as signal_module
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...event import Event
from ...utilities import ensure_argument_type

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class ProcessTargetedEvent(Event):
    """A request to every process whose action the matcher takes."""

    name = "launch.events.process.ProcessTargetedEvent"

    def __init__(self, *, process_matcher: Callable[[ExecuteLocal], bool]) -> None:
        self.__process_matcher = process_matcher

    @property
    def process_matcher(self) -> Callable[[ExecuteLocal], bool]:
        """Whether a process is meant."""
        return self.__process_matcher


class ShutdownProcess(ProcessTargetedEvent):
    """Asks processes to end: SIGINT, and SIGTERM and SIGKILL to those that do not listen."""

    name = "launch.events.process.ShutdownProcess"


class SignalProcess(ProcessTargetedEvent):
    """Asks for a signal to be sent to processes."""

    name = "launch.events.process.SignalProcess"

    def __init__(
        self,
        *,
        signal_number: str | signal_module.Signals,
        process_matcher: Callable[[ExecuteLocal], bool],
    ) -> None:
        """signal_number: a signal, or the text 'SIGKILL'."""
        super().__init__(process_matcher=process_matcher)
        ensure_argument_type(signal_number, (str, signal_module.Signals), "signal_number", "SignalProcess")
        self.__signal = signal_number

    @property
    def signal(self) -> str | signal_module.Signals:
        """The signal as it was given."""
        return self.__signal

    @property
    def signal_name(self) -> str:
        """For example 'SIGINT'."""
        return self.__signal if isinstance(self.__signal, str) else self.__signal.name
