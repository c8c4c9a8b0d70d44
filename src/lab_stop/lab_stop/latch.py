"""Whether the cell may move, and how fast. Times are seconds of a clock that never stands."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """Distances of a person, metres: below `slow` the cell goes at `speed` (0..1), below `stop` not."""

    slow: float
    stop: float
    speed: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """stopped: until a reset. reason: one sentence, empty at full speed. speed: 0..1 of what is planned."""

    stopped: bool
    reason: str
    speed: float


class Latch:
    """Stops at once, and is reset by hand only, once every cause has gone.

    Each input that the cell has is watched from `begin` to `end`: silence counts as asking to stop.
    """

    def __init__(
        self, now: float, timeout: float, hardware: str = "", presence: str = "", zone: Zone | None = None
    ) -> None:
        """timeout: silence of an input that counts as a stop, seconds.

        hardware, presence: topics, for the sentences; empty: the cell has no such input.
        """
        self._timeout = timeout
        self._hardware, self._presence = hardware, presence
        self._zone = zone or Zone(0.0, 0.0, 1.0)
        self._heard = {hardware: now, presence: now}
        self._pressed = False
        self._distance = math.inf
        self._reason, self._ended = "", ""
        self._stops = 0

    @property
    def stops(self) -> int:
        """How often the cell was stopped so far."""
        return self._stops

    def begin(self, now: float) -> None:
        """Watch the inputs from now on. A stop that nobody has reset stays."""
        self._heard = dict.fromkeys(self._heard, now)
        self._ended = ""

    def end(self, reason: str) -> None:
        """Stop until `begin`, as from now on nobody watches; no reset ends it."""
        self._note(reason)
        self._ended = reason

    def stop(self, reason: str) -> None:
        """Stop for a reason, one sentence; the first reason stays."""
        self._note(reason)
        self._reason = self._reason or reason

    def take_hardware(self, pressed: bool, now: float) -> None:
        """The hardware input: whether it asks to stop."""
        self._pressed = pressed
        self._heard[self._hardware] = now

    def take_presence(self, distance: float, now: float) -> None:
        """Distance of the nearest person, metres; infinite: nobody is there, NaN: the sensor fails."""
        self._distance = distance
        self._heard[self._presence] = now

    def verdict(self, now: float) -> Verdict:
        """What holds now."""
        self.stop(self._cause(now))
        if reason := self._reason or self._ended:
            return Verdict(True, reason, 0.0)
        if self._presence and self._distance < self._zone.slow:
            return Verdict(False, f"somebody is {self._distance:.2f} m away: slow", self._zone.speed)
        return Verdict(False, "", 1.0)

    def reset(self, now: float) -> str:
        """Let the cell move again; the answer is empty, or the cause that still asks to stop."""
        self._reason = self._cause(now)
        return self._reason or self._ended

    def _note(self, reason: str) -> None:
        if reason and not self._reason and not self._ended:
            self._stops += 1

    def _cause(self, now: float) -> str:
        """What asks to stop at this moment; empty when nothing does."""
        for topic in filter(None, (self._hardware, self._presence)):
            silence = now - self._heard[topic]
            if silence > self._timeout:
                return f"nothing has come on {topic} for {silence:.1f} s: does its publisher run?"
        if self._hardware and self._pressed:
            return f"the input {self._hardware} asks to stop"
        if self._presence and not self._distance >= self._zone.stop:
            if math.isnan(self._distance):
                return f"the sensor of {self._presence} reports a failure"
            return f"somebody is {self._distance:.2f} m away, {self._zone.stop:.2f} m are asked for"
        return ""
