"""The end of putting a part down, wherever that is: lower it until it stands, let go, back out of it."""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.outcomes import OutcomeCode
from lab_motion.errors import ExecutionCancelled, PlanningError
from lab_motion.planning.port import Contacts, Trajectory
from lab_motion.skills.grip.errors import ObjectNotReleased
from lab_motion.skills.grip.port import Judgement
from lab_motion.skills.guarded import lower_until_carried
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.reach import shifted
from lab_motion.skills.stages import Stages


def lower_to_the_floor(
    robot: Manipulator, distance: float, stages: Stages, cancelled: Cancelled, contacts: Contacts
) -> None:
    """Lower the held part over the last few millimetres, by a hand that feels whether it stands.

    distance: at most, metres; 0: not at all.

    Raises an ExecutionError, ObjectLost, StaleInputError, or PlanningCancelled.
    """
    if distance > 0.0:
        try:
            lower_until_carried(robot, distance, stages, cancelled, contacts)
        except PlanningError as error:
            if error.code == OutcomeCode.CANCELLED:
                raise
            # no straight way further down: the part is let go above the floor, as without touch


def let_go(
    robot: Manipulator, grip: Judgement, stages: Stages, cancelled: Cancelled
) -> ExecutionCancelled | None:
    """Open the hand where the part stands. Returns the cancel that came when the hand had let go already.

    Raises ObjectNotReleased, an ExecutionError, StaleInputError; the hand may hold the part then.
    """
    robot.standing = True
    with stages.stage("open"):
        try:
            _open(robot, grip, cancelled)
        except ExecutionCancelled as error:
            if robot.sensor.released(robot.hand.reading(), grip, interrupted=True).held:
                raise
            return error
    return None


def _open(robot: Manipulator, grip: Judgement, cancelled: Cancelled) -> None:
    """Let go: fingers open a little, so that neighbours stay where they are; wide when the part sticks.

    Raises ObjectNotReleased.
    """
    widest = robot.cell.end_effector.maximum_opening
    for opening in dict.fromkeys((min(widest, grip.opening + robot.settings.release_room), widest)):
        robot.hand.release(opening, robot.settings.force)
        robot.hand.finish(cancelled)
        after = robot.sensor.released(robot.hand.reading(), grip)
        if not after.held:
            return
    raise ObjectNotReleased(after.reason)


def plan_retreat(
    robot: Manipulator, pose: FloatArray, contacts: frozenset[str], cancelled: Cancelled
) -> Trajectory:
    """Back out of the part along the hand, which is at a pose (4, 4), else straight up.

    contacts: what the hand may touch. Raises a PlanningError.
    """
    start = robot.start()
    options = robot.straight_options(cancelled, Contacts(hand=contacts))
    distance = robot.settings.retreat_distance
    try:
        return robot.planner.plan_straight(start, shifted(pose, -distance * pose[:3, 2]), options)
    except PlanningError:
        return robot.planner.plan_straight(start, shifted(pose, np.array([0.0, 0.0, distance])), options)
