"""Everything that can go wrong in this package: each says itself in one sentence and knows its code."""

from __future__ import annotations

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class MotionError(LabError):
    """Base of all failures of planning and carrying out a motion."""


class PlanningError(MotionError):
    """No motion was planned; nothing has moved."""

    stage = "planning"


class PlanningCancelled(PlanningError):
    """The caller asked to stop."""

    code = OutcomeCode.CANCELLED

    def __init__(self) -> None:
        super().__init__("motion planning was cancelled")


class PlanningTimedOut(PlanningError):
    """The search went on for longer than anybody waits."""

    code = OutcomeCode.TIMEOUT


class InvalidGoal(PlanningError):
    """The request cannot be meant: wrong shape, not a number, unknown name."""

    code = OutcomeCode.INVALID_REQUEST


class StartInCollision(PlanningError):
    """The arm touches something that it may not touch before it has moved."""

    code = OutcomeCode.START_IN_COLLISION


class OutOfReach(PlanningError):
    """No joint positions bring the tool there."""

    code = OutcomeCode.OUT_OF_REACH


class GoalInCollision(PlanningError):
    """The tool would reach, but something would touch."""

    code = OutcomeCode.GOAL_IN_COLLISION


class NoPath(PlanningError):
    """Start and goal are free, but no way between them was found."""

    code = OutcomeCode.NO_PATH


class PathNotStraight(PlanningError):
    """The tool cannot follow the straight line: a joint limit, a singularity or an obstacle is in the way."""

    code = OutcomeCode.PATH_NOT_STRAIGHT


class LimitsExceeded(PlanningError):
    """A joint would leave its range, or go faster than it may."""

    code = OutcomeCode.LIMITS_EXCEEDED


class ExecutionError(MotionError):
    """A planned motion was not carried out as planned."""

    stage = "execution"


class Felt(ExecutionError):
    """A guarded move met what it was to feel: its end, and no failure."""


class ExecutionCancelled(ExecutionError):
    """The caller asked to stop, and the arm holds."""

    code = OutcomeCode.CANCELLED


class TrajectoryRejected(ExecutionError):
    """The controller did not take the trajectory."""

    code = OutcomeCode.TRAJECTORY_REJECTED


class PathToleranceExceeded(ExecutionError):
    """The arm left the trajectory by more than the controller allows."""

    code = OutcomeCode.PATH_TOLERANCE_EXCEEDED


class GoalToleranceExceeded(ExecutionError):
    """The arm did not come to rest at the goal."""

    code = OutcomeCode.GOAL_TOLERANCE_EXCEEDED


class MotionStalled(ExecutionError):
    """The arm does not follow, or the controller does not end the motion."""

    code = OutcomeCode.MOTION_STALLED


class GripperFailed(ExecutionError):
    """The gripper did not take or did not end a command."""

    code = OutcomeCode.GRIPPER_FAILED


class DestinationFull(MotionError):
    """No free place is left for a part of this size."""

    code = OutcomeCode.DESTINATION_FULL
    stage = "task"
