"""The port of judging a grip: what the end effector measures says whether it holds something.

Never the absence of an error. Several moments count: after taking hold, after lifting and all the way to the
destination, after letting go, and at the start of a node, when nobody knows what came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from lab_core.geometry import OrientedBox
from lab_core.plugins import Port
from lab_description import EndEffector, Gripper, SuctionCup


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

    width: of the part between the fingers; opening: from which they close. Metres, 0 without fingers. miss:
    how far beside the planned place the hand may take hold, metres: a part may have another width there.
    """

    object_id: str
    width: float
    opening: float
    miss: float = 0.0


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


class GripSensor(Protocol):
    """Judges the readings of one end effector; the same for the same readings. It moves nothing, and each
    judgement holds its reason as a sentence.

    An implementation is a class registered in the entry point group lab_motion.grip_sensors. It is called
    with the end effector. Its attribute `effector` is the type of end effector that it judges; Gripper, which
    has fingers, where it says none. Readings are those of the end effector's own kind: PadReading of fingers,
    VacuumReading of a suction cup. `lab_motion.testing.grip_contract` holds the tests that every
    implementation must pass.
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


_WORDS: dict[type, str] = {Gripper: "a parallel gripper", SuctionCup: "a suction cup"}


def _suits(factory: Any, effector: EndEffector) -> str:
    """Why a sensor is not for an end effector; empty when it is."""
    wanted = getattr(factory, "effector", Gripper)
    if isinstance(effector, wanted):
        return ""
    return f"is for {_WORDS.get(wanted, wanted.__name__)}, and '{effector.name}' is none"


GRIP_SENSORS: Port[GripSensor] = Port(
    "lab_motion.grip_sensors", "grip sensor", GripSensor, preference=("fingers", "vacuum"), suits=_suits
)
