"""Is something held? Judged from what the gripper measures, never from the absence of an error.

Two moments count: after closing, and after lifting. Both are judged by the opening at which the fingers stand
and by the force on each pad: a part between the pads keeps them apart and pushes both. Pads that touch each
other push too, so force alone proves nothing. Without tactile pads the gripper's own word counts, that
something stopped its fingers: weaker, as it stays what it was at the end of the closing. And a hand whose
closed end is out of adjustment stops on nothing, so its fingers must not close far below the planned width. A
part that the fingers hold behind their pads is felt by neither: it counts when something stopped the fingers
where the part was planned, and they stand there still when nothing but the part can be between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class ContactError(LabError):
    """Base of what can be wrong with a grip."""

    stage = "contact"

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.reason)
        self.judgement = judgement


class GraspEmpty(ContactError):
    """The fingers closed and hold nothing."""

    code = OutcomeCode.GRASP_EMPTY


class ObjectLost(ContactError):
    """Something was held after closing and is no longer."""

    code = OutcomeCode.OBJECT_LOST


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


@dataclass(frozen=True, slots=True)
class ContactLimits:
    """When a reading proves a grip.

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


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether something is held, the figures that say so, and a sentence for a person.

    opening, expected_width: metres. force: N. felt: by the pads; else only something stopped the fingers.
    """

    held: bool
    opening: float
    expected_width: float
    force: float
    reason: str
    felt: bool = True


def judge_closing(
    reading: PadReading, expected_width: float, approach_opening: float, limits: ContactLimits | None = None
) -> Judgement:
    """Judge right after the fingers closed.

    expected_width: of the planned grasp. approach_opening: from which the fingers closed. Both in metres.
    """
    limits = limits or ContactLimits()
    apart = min(limits.pads_closed_opening, 0.5 * expected_width)
    stands, planned = _millimetres(reading.opening), _millimetres(expected_width)
    if reading.opening < apart:
        return _judgement(
            False, reading, expected_width, f"the pads met ({stands}), a part {planned} wide was expected"
        )
    if reading.forces is None and reading.opening < limits.narrower * expected_width:
        reason = f"the fingers closed to {stands}, a part {planned} wide was expected, and no pad feels one"
        return _judgement(False, reading, expected_width, reason)
    pushing = _pushing(reading, limits)
    unfelt = pushing is not None and _stands(reading, expected_width, limits.as_planned)
    if pushing is not None and not unfelt:
        return _judgement(False, reading, expected_width, f"{pushing} with the fingers at {stands}")
    if reading.opening > approach_opening - 0.001 and approach_opening - expected_width > 0.003:
        reason = (
            f"the fingers could not close: they stand at {stands}, opened {_millimetres(approach_opening)}"
        )
        return _judgement(False, reading, expected_width, reason)
    if reading.opening > expected_width + limits.max_width_excess:
        reason = (
            f"the fingers stopped at {stands}, far wider than the part of {planned}: something is in the way"
        )
        return _judgement(False, reading, expected_width, reason)
    judgement = _judgement(True, reading, expected_width, f"held at {stands}, {planned} were planned")
    return replace(judgement, felt=not unfelt)


def judge_lifting(reading: PadReading, closing: Judgement, limits: ContactLimits | None = None) -> Judgement:
    """Judge after lifting, or at any time after that, against the judgement after closing."""
    limits = limits or ContactLimits()
    apart = min(limits.pads_closed_opening, 0.5 * closing.opening)
    stands, before = _millimetres(reading.opening), _millimetres(closing.opening)
    if reading.opening < apart:
        return _judgement(
            False, reading, closing.expected_width, f"the pads met ({stands}) after they held at {before}"
        )
    pushing = _pushing(reading, limits)
    if not closing.felt and _stands(reading, closing.opening, limits.standing):
        pushing = None
    if pushing is not None:
        return _judgement(False, reading, closing.expected_width, f"{pushing} with the fingers at {stands}")
    if closing.opening - reading.opening > limits.max_slip:
        reason = f"the fingers closed from {before} to {stands} while lifting: the part slipped"
        return _judgement(False, reading, closing.expected_width, reason)
    return _judgement(True, reading, closing.expected_width, f"held at {stands}, {before} after closing")


def require_grip(judgement: Judgement) -> Judgement:
    """The judgement itself. Raises GraspEmpty if nothing is held."""
    if not judgement.held:
        raise GraspEmpty(judgement)
    return judgement


def require_still_held(judgement: Judgement) -> Judgement:
    """The judgement itself. Raises ObjectLost if nothing is held any more."""
    if not judgement.held:
        raise ObjectLost(judgement)
    return judgement


def _stands(reading: PadReading, opening: float, tolerance: float) -> bool:
    """Whether something stopped the fingers there, metres."""
    return bool(reading.stalled) and abs(reading.opening - opening) <= tolerance


def _pushing(reading: PadReading, limits: ContactLimits) -> str | None:
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
