"""How a node is: its state, its inputs and how its last work ended, for the standard /diagnostics."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

SECOND = 1e-9


@dataclass(frozen=True, slots=True)
class Condition:
    """What a node says of itself beside what every node says. trouble: a sentence, empty when all is well."""

    trouble: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputReport:
    """Since the last report: messages per second; and the seconds since the newest, None before the first."""

    topic: str
    rate: float
    age: float | None


class Inputs:
    """Counts the messages of each input; may be told from any thread. Times are nanoseconds of one clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came: dict[str, int] = {}
        self._newest: dict[str, int] = {}
        self._reported: int | None = None

    def expect(self, topic: str) -> None:
        """An input exists from now on."""
        with self._lock:
            self._came.setdefault(topic, 0)

    def note(self, topic: str, now: int, count: int = 1) -> None:
        """Messages have come."""
        with self._lock:
            self._came[topic] = self._came.get(topic, 0) + count
            self._newest[topic] = now

    def forget(self) -> None:
        """No input exists any more."""
        with self._lock:
            self._came.clear()
            self._newest.clear()

    def report(self, now: int) -> list[InputReport]:
        """Every input, by name. A clock that stands, or was set back, leaves rates at 0."""
        with self._lock:
            seconds = 0.0 if self._reported is None else (now - self._reported) * SECOND
            reports = [
                InputReport(
                    topic,
                    self._came[topic] / seconds if seconds > 0.0 else 0.0,
                    max(0.0, (now - self._newest[topic]) * SECOND) if topic in self._newest else None,
                )
                for topic in sorted(self._came)
            ]
            self._came = dict.fromkeys(self._came, 0)
            self._reported = now
        return reports
