"""What can be wrong with a grip."""

from __future__ import annotations

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class ContactError(LabError):
    """Base of all of them; the sentence is the reason of a judgement."""

    stage = "contact"


class GraspEmpty(ContactError):
    """The hand took hold of nothing."""

    code = OutcomeCode.GRASP_EMPTY


class ObjectLost(ContactError):
    """Something was held and is no longer."""

    code = OutcomeCode.OBJECT_LOST


class ObjectNotReleased(ContactError):
    """The hand let go, but still holds the part."""

    code = OutcomeCode.OBJECT_NOT_RELEASED


class PartSlipped(ContactError):
    """The held part slipped on its way and was set down."""

    code = OutcomeCode.OBJECT_LOST


class SlippedInHand(ContactError):
    """The held part slipped on its way, the arm stopped, and the hand still holds it."""

    code = OutcomeCode.GRIPPER_FAILED


class GripTooWeak(ContactError):
    """Holding the part asks for more force than it bears, or than the hand may use; it was set down again."""

    code = OutcomeCode.OBJECT_LOST
