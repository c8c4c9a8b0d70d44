"""Whether the cell may move, and how fast. Times are seconds of a clock that never stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Zone:
    """Distances of a person, metres: below `slow` the cell goes at `speed` (0..1), below `stop` not."""

    slow: float
    stop: float
    speed: float

    def cause(self, distance: float, topic: str) -> str:
        """Why somebody so near stops the cell, empty when they do not; NaN: the topic's sensor fails."""
        if math.isnan(distance):
            return f"the sensor of {topic} reports a failure"
        if distance >= self.stop:
            return ""
        return f"somebody is {distance:.2f} m away, {self.stop:.2f} m are asked for"


@dataclass(frozen=True, slots=True)
class Verdict:
    """stopped: until a reset. reason: one sentence, empty at full speed. speed: 0..1 of what is planned."""

    stopped: bool
    reason: str
    speed: float


@dataclass(slots=True)
class _Input:
    """heard: when its newest word came, None before the first. cause: for which it asks to stop, or empty."""

    repeats: bool
    heard: float | None = None
    cause: str = ""


class Latch:
    """Stops at once, and is reset by hand only, once every cause has gone.

    Each input that the cell has is watched from `begin` to `end`: silence counts as asking to stop.
    """

    def __init__(
        self,
        now: float,
        timeout: float,
        inputs: Sequence[str] = (),
        kept: Sequence[str] = (),
        zone: Zone | None = None,
    ) -> None:
        """timeout: silence of an input that counts as a stop, seconds.

        inputs: topics that are published periodically; one that falls silent stops the cell. kept: latched
        topics of the robot, which publish only when their value changes; only their first message must come
        in time.
        """
        self._timeout = timeout
        self._inputs = {topic: _Input(topic in inputs) for topic in (*inputs, *kept)}
        self._zone = zone or Zone(0.0, 0.0, 1.0)
        self._begun = now
        self._distance = math.inf
        self._reason, self._ended = "", ""
        self._stops = 0

    @property
    def stops(self) -> int:
        """How often the cell was stopped so far."""
        return self._stops

    def begin(self, now: float) -> None:
        """Watch the inputs from now on. A stop that nobody has reset stays."""
        self._begun = now
        self._ended = ""

    def end(self, reason: str) -> None:
        """Stop until `begin`, as from now on nobody watches; no reset ends it."""
        self._note(reason)
        self._ended = reason

    def stop(self, reason: str) -> None:
        """Stop for a reason, one sentence; the first reason stays."""
        self._note(reason)
        self._reason = self._reason or reason

    def hear(self, topic: str, now: float, cause: str = "") -> None:
        """What an input says: one sentence why it asks to stop, empty when it does not."""
        self._inputs[topic].heard, self._inputs[topic].cause = now, cause

    def hear_distance(self, topic: str, now: float, distance: float) -> None:
        """Distance of the nearest person, metres; infinite: nobody is there, NaN: the sensor fails."""
        self._distance = distance
        self.hear(topic, now, self._zone.cause(distance, topic))

    def verdict(self, now: float) -> Verdict:
        """What holds now."""
        self.stop(self._cause(now))
        if reason := self._reason or self._ended:
            return Verdict(True, reason, 0.0)
        if self._distance < self._zone.slow:
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
        for topic, item in self._inputs.items():
            if item.heard is None or item.repeats:
                silence = now - max(self._begun, item.heard or self._begun)
                if silence > self._timeout:
                    asked = "does its publisher run?" if item.repeats else "does the robot's program run?"
                    return f"nothing has come on {topic} for {silence:.1f} s: {asked}"
        return next((item.cause for item in self._inputs.values() if item.cause), "")
