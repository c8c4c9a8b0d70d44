"""Do fingers with tactile pads hold something? As without, and by what the pads feel: far less force is
enough, and a part that slips is told before it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab_core.parameters import parameter
from lab_description import Gripper
from lab_motion.skills.grip.fingers import FingerGrip, FingerParameters, PadReading
from lab_motion.skills.grip.port import ExpectedGrip, Judgement
from lab_touch.slip import Slip, SlipKind

# Share of the force of a grip that a skin may say for a moment after it has ended: it follows late.
_LATE = 0.05


@dataclass(frozen=True)
class TouchParameters(FingerParameters):
    """When readings of fingers with tactile pads prove a grip."""

    min_force: float = parameter(
        0.3,
        "The hand holds a part while the force that each tactile pad feels is at least this.",
        unit="N",
        minimum=0.02,
        maximum=50.0,
    )


@dataclass(frozen=True, slots=True)
class TouchReading(PadReading):
    """What fingers with tactile pads measure; forces as the pads feel them, None before their rest is known.

    slips: what the left and the right pad say of slip; None while the hand does not hold. wanted: N on each
    pad that was commanded last, of an open hand before it let go. carried: N that both pads carry along z of
    the tcp; None without shear. excess: a sentence where the load asks for more force than the hand may use;
    empty where it does not. slid: how often the part began to slip since the hand took hold, so that a slip
    between two readings is not missed.
    """

    slips: tuple[Slip, Slip] | None = None
    wanted: float = 0.0
    carried: float | None = None
    excess: str = ""
    slid: int = 0

    @property
    def slipping(self) -> bool:
        """Whether the part slips as a whole over a pad."""
        return self.slips is not None and any(slip.kind is SlipKind.GROSS for slip in self.slips)


class TouchGrip(FingerGrip):
    """The GripSensor of a parallel gripper with tactile pads; its readings are TouchReadings."""

    Parameters = TouchParameters
    effector = Gripper

    def __init__(self, effector: Gripper, parameters: TouchParameters | None = None) -> None:
        super().__init__(effector, parameters or TouchParameters())

    def closed(self, reading: PadReading, expected: ExpectedGrip, witnessed: bool = True) -> Judgement:
        """See judge_closing. Fingers that something stopped, and whose pads feel nothing, hold nothing:
        closing gently, they stop at whatever they rub on.
        """
        grip = super().closed(reading, expected, witnessed)
        if grip.held and not grip.felt and reading.forces is not None:
            left, right = reading.forces
            felt = f"the pads feel {left:.1f} N and {right:.1f} N"
            return replace(grip, held=False, reason=f"something stopped the fingers, and {felt}")
        return _with_slip(grip, reading)

    def holding(self, reading: PadReading, grip: Judgement) -> Judgement:
        """See judge_lifting. A part that slips is still held; the hand tightens, the reason says it."""
        return _with_slip(super().holding(reading, grip), reading)

    def _pressed(self, reading: PadReading) -> bool:
        late = _LATE * reading.wanted if isinstance(reading, TouchReading) else 0.0
        return reading.force >= max(self._limits.min_force, late)


def _with_slip(judgement: Judgement, reading: PadReading) -> Judgement:
    if not isinstance(reading, TouchReading):
        return judgement
    if reading.excess and (reading.slipping or not judgement.held):
        return replace(judgement, reason=f"{judgement.reason}; {reading.excess}")
    if not reading.slipping:
        return judgement
    assert reading.slips is not None
    how = "turns" if any(slip.turning for slip in reading.slips) else "slips"
    return replace(judgement, reason=f"{judgement.reason}; the part {how} between the pads")
