"""The port of judging a grip: what the end effector measures says whether it holds something.

Never the absence of an error. Several moments count: after taking hold, after lifting and all the way to the
destination, after letting go, and at the start of a node, when nobody knows what came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from lab_core.geometry import OrientedBox
from lab_core.plugins import Port
from lab_description import EndEffector


class Reading(Protocol):
    """What an end effector measures at one moment; each kind has more to say than this."""

    @property
    def opening(self) -> float:
        """Of the fingers, metres; 0 without fingers."""

    @property
    def force(self) -> float:
        """With which it holds, N; 0 where nothing tells."""


@dataclass(frozen=True, slots=True)
class ExpectedGrip:
    """What the hand takes hold of, as it was planned.

    width: of the part between the fingers; opening: from which they close. Metres, 0 without fingers.
    """

    object_id: str
    width: float
    opening: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether something is held, the figures that say so, and a sentence for a person.

    opening, expected_width: metres, 0 without fingers. force: N. felt: by what measures a force; else only
    something stopped the fingers.
    """

    held: bool
    opening: float
    expected_width: float
    force: float
    reason: str
    felt: bool = True


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """When readings of fingers prove a grip.

    min_force: on each pad, N. pads_closed_opening: the pads touch each other below this opening, metres.
    max_width_excess: how much wider than planned the fingers may be, metres; beyond it something else stopped
    them. max_slip: how far the fingers may close further while they hold the part, metres.
    as_planned, standing: of a part that the pads do not feel, metres: how far from the planned width the
    fingers stop, and how far they move while it is lifted. narrower: share of the planned width; fingers
    without tactile pads that close further do not stand on the part.
    """

    min_force: float = 1.5
    pads_closed_opening: float = 0.0015
    max_width_excess: float = 0.025
    max_slip: float = 0.010
    as_planned: float = 0.005
    standing: float = 0.001
    narrower: float = 0.5


class GripSensor(Protocol):
    """Judges the readings of one end effector; the same for the same readings. It moves nothing, and each
    judgement holds its reason as a sentence.

    Readings are those of the end effector's own kind: PadReading of fingers, VacuumReading of a suction cup.
    `lab_motion.testing.grip_contract` holds the tests that every implementation must pass.
    """

    def not_ready(self, reading: Any, expected: ExpectedGrip) -> str:
        """What would be in the way if the approach began now; empty when nothing is."""

    def closed(self, reading: Any, expected: ExpectedGrip, witnessed: bool = True) -> Judgement:
        """After it took hold.

        witnessed: somebody saw the end of that; else what may be held counts as held.
        """

    def holding(self, reading: Any, grip: Judgement) -> Judgement:
        """After lifting, and at any time after that. grip: the judgement when it took hold."""

    def released(self, reading: Any, grip: Judgement, interrupted: bool = False) -> Judgement:
        """After it let go: whether it still holds. interrupted: it was stopped on the way, so that it takes
        more to believe that it does not.
        """

    def found(self, reading: Any) -> Judgement:
        """Without any knowledge of before: whether it holds, or may hold, something."""

    def unseen(self, reading: Any) -> OrientedBox:
        """The room, in the tcp frame, that a part takes which it holds and nobody has seen."""


GRIP_SENSORS: Port[GripSensor] = Port("lab_motion.grip_sensors", "grip sensor", GripSensor)


def load_grip_sensor(effector: EndEffector, limits: ContactLimits) -> GripSensor:
    """The sensor that the YAML of the end effector names; called with the end effector and the limits.

    Raises ConfigurationError when none is registered under that name, cannot be imported, or is for another
    kind of end effector.
    """
    return GRIP_SENSORS.make(effector.grip_sensor, effector, limits, node="motion").plugin
