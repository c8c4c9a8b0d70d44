"""What can be wrong with touch: an expected failure each, with a code and one sentence."""

from __future__ import annotations

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class TouchError(LabError):
    """Base of all of them."""

    stage = "contact"


class PadFault(TouchError):
    """A pad cannot be believed: it is silent, frozen, dead, saturated, too slow, or on the wrong side."""

    code = OutcomeCode.UNAVAILABLE


class NotAtRest(TouchError):
    """The noise of a pad was to be learnt, and something touched it."""

    code = OutcomeCode.INVALID_REQUEST


class ContradictoryLimits(TouchError):
    """Limits of the grip force that no force can keep."""

    code = OutcomeCode.INVALID_REQUEST


class CrushLimitReached(TouchError):
    """Holding the part asks for more force than it bears."""

    code = OutcomeCode.OBJECT_LOST
