"""Do fingers hold something? Judged by the opening at which they stand and by the force on each pad.

A part between the pads keeps them apart and pushes both. Pads that touch each other push too, so force alone
proves nothing. Without tactile pads the gripper's own word counts, that something stopped its fingers:
weaker, as it stays what it was at the end of the closing. And a hand whose closed end is out of adjustment
stops on nothing, so its fingers must not close far below the planned width. A part that the fingers hold
behind their pads is felt by neither: it counts when something stopped the fingers where the part was planned,
and they stand there still when nothing but the part can be between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lab_core.geometry import OrientedBox
from lab_core.parameters import parameter
from lab_description import Gripper
from lab_motion.skills.grip.port import ExpectedGrip, Judgement

# Of a held part that nobody has seen, across the fingers and along them, metres.
_UNKNOWN_SIZE = 0.08
# Fingers this near to their widest are open, metres; and as much short of their goal they would hit the part.
_OPEN = 0.004
# Fingers that were stopped while they opened have let go once they stand this much wider, metres.
_LET_GO = 0.002
# Of a part that the pads do not feel, metres: how far from the planned width the fingers stop, and how far
# they move while it is lifted.
_AS_PLANNED, _STANDING = 0.005, 0.001
# Share of the planned width; fingers without tactile pads that close further do not stand on the part.
_NARROWER = 0.5


@dataclass(frozen=True)
class FingerParameters:
    """When readings of fingers prove a grip."""

    min_force: float = parameter(
        1.5,
        "The hand holds a part while the force on each pad is at least this.",
        unit="N",
        minimum=0.05,
        maximum=50.0,
    )
    pads_closed_opening: float = parameter(
        0.0015,
        "The pads touch each other, with no part between them, while the opening is below this.",
        unit="m",
        minimum=0.0,
        maximum=0.1,
    )
    max_width_excess: float = parameter(
        0.025,
        "How much wider than planned the fingers may be while they hold a part.",
        unit="m",
        minimum=0.0,
        maximum=0.2,
    )
    max_slip: float = parameter(
        0.010,
        "How far the fingers may close further while they hold a part.",
        unit="m",
        minimum=0.0005,
        maximum=0.05,
    )


DEFAULTS = FingerParameters()


@dataclass(frozen=True, slots=True)
class PadReading:
    """What the gripper measures at one moment.

    opening: between the faces of the pads, metres. forces: on the left and the right pad, N, positive into
    the pad; None without tactile sensors. stalled: the fingers stopped before the commanded opening; None
    when not told.
    """

    opening: float
    forces: tuple[float, float] | None = None
    stalled: bool | None = None

    @property
    def force(self) -> float:
        """Grip force, N: what both pads share; 0 without sensors."""
        return max(0.0, min(self.forces)) if self.forces is not None else 0.0


class FingerGrip:
    """The GripSensor of a parallel gripper; its readings are PadReadings."""

    Parameters = FingerParameters
    effector = Gripper

    def __init__(self, effector: Gripper, parameters: FingerParameters = DEFAULTS) -> None:
        self._limits = parameters
        self._opened = effector.maximum_opening - _OPEN

    def not_ready(self, reading: PadReading, expected: ExpectedGrip) -> str:
        """Fingers that are not open enough."""
        short = expected.opening - reading.opening
        if short <= _OPEN:
            return ""
        return f"the fingers are {1e3 * short:.0f} mm short of open when the approach begins"

    def closed(self, reading: PadReading, expected: ExpectedGrip, witnessed: bool = True) -> Judgement:
        """See judge_closing."""
        grip = judge_closing(reading, expected.width, expected.opening, self._limits, expected.miss)
        if not grip.held and not witnessed and self._may_hold(reading):
            return _unproven(reading, expected.width)
        return grip

    def holding(self, reading: PadReading, grip: Judgement) -> Judgement:
        """See judge_lifting."""
        return judge_lifting(reading, grip, self._limits)

    def released(self, reading: PadReading, grip: Judgement, interrupted: bool = False) -> Judgement:
        """Fingers that stand wider than they held, and that nothing loads."""
        room = _LET_GO if interrupted else 0.0
        held = reading.opening <= grip.opening + room or self._pressed(reading)
        what = "the part does not come off" if held else "the part is off"
        reason = (
            f"{what}: the fingers stand at {_millimetres(reading.opening)}, they held at"
            f" {_millimetres(grip.opening)}, and both pads feel {reading.force:.1f} N"
        )
        return _judgement(held, reading, grip.expected_width, reason)

    def found(self, reading: PadReading) -> Judgement:
        """By what the pads feel; without pads, fingers that are neither open nor closed may hold a part."""
        pressed = self._pressed(reading) and reading.opening >= self._limits.pads_closed_opening
        if pressed or self._may_hold(reading):
            return _unproven(reading, reading.opening)
        return _judgement(False, reading, 0.0, f"nothing is felt at {_millimetres(reading.opening)}")

    def unseen(self, reading: PadReading) -> OrientedBox:
        """Between the fingers."""
        return OrientedBox(np.eye(4), np.array([_UNKNOWN_SIZE, reading.opening, _UNKNOWN_SIZE]))

    def _pressed(self, reading: PadReading) -> bool:
        """Whether something presses both pads."""
        return reading.force >= self._limits.min_force

    def _may_hold(self, reading: PadReading) -> bool:
        """Whether fingers of which nothing but their opening is known may have a part between them."""
        untold = reading.forces is None and reading.stalled is None
        return untold and self._limits.pads_closed_opening <= reading.opening < self._opened


def judge_closing(
    reading: PadReading,
    expected_width: float,
    approach_opening: float,
    limits: FingerParameters = DEFAULTS,
    miss: float = 0.0,
) -> Judgement:
    """Judge right after the fingers closed.

    expected_width: of the planned grasp. approach_opening: from which the fingers closed. miss: by which the
    width may differ from the planned one, as the hand may be beside its place. All in metres.
    """
    apart = min(limits.pads_closed_opening, 0.5 * expected_width)
    stands, planned = _millimetres(reading.opening), _millimetres(expected_width)
    if reading.opening < apart:
        return _judgement(
            False, reading, expected_width, f"the pads met ({stands}), a part {planned} wide was expected"
        )
    if reading.forces is None and reading.opening < _NARROWER * expected_width - miss:
        reason = f"the fingers closed to {stands}, a part {planned} wide was expected, and no pad feels one"
        return _judgement(False, reading, expected_width, reason)
    pushing = _pushing(reading, limits)
    unfelt = pushing is not None and _stands(reading, expected_width, _AS_PLANNED + miss)
    if pushing is not None and not unfelt:
        return _judgement(False, reading, expected_width, f"{pushing} with the fingers at {stands}")
    if reading.opening > approach_opening - 0.001 and approach_opening - expected_width > 0.003:
        reason = (
            f"the fingers could not close: they stand at {stands}, opened {_millimetres(approach_opening)}"
        )
        return _judgement(False, reading, expected_width, reason)
    if reading.opening > expected_width + limits.max_width_excess + miss:
        reason = (
            f"the fingers stopped at {stands}, far wider than the part of {planned}: something is in the way"
        )
        return _judgement(False, reading, expected_width, reason)
    judgement = _judgement(True, reading, expected_width, f"held at {stands}, {planned} were planned")
    return replace(judgement, felt=not unfelt)


def judge_lifting(reading: PadReading, closing: Judgement, limits: FingerParameters = DEFAULTS) -> Judgement:
    """Judge after lifting, or at any time after that, against the judgement after closing."""
    apart = min(limits.pads_closed_opening, 0.5 * closing.opening)
    stands, before = _millimetres(reading.opening), _millimetres(closing.opening)
    if reading.opening < apart:
        return _judgement(
            False, reading, closing.expected_width, f"the pads met ({stands}) after they held at {before}"
        )
    pushing = _pushing(reading, limits)
    if not closing.felt and _stands(reading, closing.opening, _STANDING):
        pushing = None
    if pushing is not None:
        return _judgement(False, reading, closing.expected_width, f"{pushing} with the fingers at {stands}")
    if closing.opening - reading.opening > limits.max_slip:
        reason = f"the fingers closed from {before} to {stands} while lifting: the part slipped"
        return _judgement(False, reading, closing.expected_width, reason)
    return _judgement(True, reading, closing.expected_width, f"held at {stands}, {before} after closing")


def _stands(reading: PadReading, opening: float, tolerance: float) -> bool:
    """Whether something stopped the fingers there, metres."""
    return bool(reading.stalled) and abs(reading.opening - opening) <= tolerance


def _pushing(reading: PadReading, limits: FingerParameters) -> str | None:
    """What is missing of a push on both pads; None if nothing is."""
    if reading.forces is None:
        if reading.stalled is None:
            return "nothing tells whether a part stopped the fingers"
        return None if reading.stalled else "the fingers reached the commanded opening"
    left, right = reading.forces
    if left >= limits.min_force and right >= limits.min_force:
        return None
    return f"no force on both pads (left {left:.1f} N, right {right:.1f} N, {limits.min_force:.1f} N needed)"


def _judgement(held: bool, reading: PadReading, expected_width: float, reason: str) -> Judgement:
    return Judgement(held, reading.opening, expected_width, reading.force, reason)


def _millimetres(metres: float) -> str:
    return f"{1e3 * metres:.1f} mm"


def _unproven(reading: PadReading, width: float) -> Judgement:
    """Of a part that was not seen to be gripped; width: planned, metres."""
    reason = f"{reading.force:.1f} N on both pads at {_millimetres(reading.opening)}"
    return Judgement(True, reading.opening, width, reading.force, reason)
