"""Everything that can go wrong in this package; each knows its outcome code and says itself in one
sentence.
"""

from __future__ import annotations

from lab_core.errors import CancelledError, ConfigurationError, LabError
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene


class GraspingError(LabError):
    """Base of all expected failures of grasp planning."""

    stage = "grasping"


class InvalidGripper(GraspingError, ConfigurationError):
    """The gripper's description cannot be."""

    code = OutcomeCode.INVALID_REQUEST


class PlanningCancelled(GraspingError, CancelledError):
    """The caller asked to stop."""

    code = OutcomeCode.CANCELLED

    def __str__(self) -> str:
        return "grasp planning was cancelled"


class UnknownObject(GraspingError):
    """The scene holds no such part."""

    code = OutcomeCode.OBJECT_UNKNOWN

    def __init__(self, object_id: str, known: list[str]) -> None:
        super().__init__(object_id, known)
        self.object_id = object_id
        self.known = known

    def __str__(self) -> str:
        return f"the scene holds no {self.object_id!r}, only {', '.join(self.known) or 'an empty support'}"


class UnusableScene(GraspingError):
    """Perception itself said that there is nothing to plan on: with its code, stage and sentence."""

    stage = "perception"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.message)
        self.code = scene.code


class NothingToGrasp(GraspingError):
    """The scene is empty."""

    code = OutcomeCode.NO_OBJECT

    def __str__(self) -> str:
        return "nothing on the support to grasp"


class NotGraspable(GraspingError):
    """The part is known, but no grasp on it."""


class TooFewPoints(NotGraspable):
    """The part was seen too badly to plan on it."""

    code = OutcomeCode.TOO_FEW_POINTS

    def __init__(self, object_id: str, points: int, needed: int) -> None:
        super().__init__(object_id, points, needed)
        self.object_id = object_id
        self.points = points
        self.needed = needed

    def __str__(self) -> str:
        return f"{self.object_id} has {self.points} usable points, {self.needed} are needed: look again"


class ObjectTooWide(NotGraspable):
    """The part does not fit between the fingers in any direction that was tried."""

    code = OutcomeCode.OBJECT_TOO_WIDE

    def __init__(self, object_id: str, width: float, max_opening: float) -> None:
        super().__init__(object_id, width, max_opening)
        self.object_id = object_id
        self.width = width
        self.max_opening = max_opening

    def __str__(self) -> str:
        return (
            f"{self.object_id} is {1e3 * self.width:.0f} mm wide where it is narrowest, "
            f"the gripper opens {1e3 * self.max_opening:.0f} mm"
        )


class NoGraspFound(NotGraspable):
    """Candidates there were, but none can be carried out."""

    code = OutcomeCode.NO_GRASP_FOUND

    def __init__(self, object_id: str, candidates: int, blocked_by: str) -> None:
        super().__init__(object_id, candidates, blocked_by)
        self.object_id = object_id
        self.candidates = candidates
        self.blocked_by = blocked_by

    def __str__(self) -> str:
        return (
            f"no grasp on {self.object_id}: {self.candidates} candidates, best blocked by {self.blocked_by}"
        )


class UnsafeByCamera(GraspingError):
    """There would be grasps if the camera stood exactly where the cell says."""

    code = OutcomeCode.NO_GRASP_FOUND

    def __init__(self, object_id: str, miss: float) -> None:
        super().__init__(object_id, miss)
        self.object_id = object_id
        self.miss = miss

    def __str__(self) -> str:
        return (
            f"{self.object_id} cannot be taken safely: the hand may miss it by {1e3 * self.miss:.1f} mm, the"
            " error that is stated for the camera; calibrate the camera better, or give the part more room"
        )
