"""Moving the arm, clear of everything known, to a named configuration, joint positions or a pose."""

from __future__ import annotations

from lab_core.geometry import FloatArray
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.stages import Stages


def move_to_joints(robot: Manipulator, goal: FloatArray, stages: Stages, cancelled: Cancelled) -> None:
    """Move to joint positions (J,).

    Raises a MotionError, or StaleInputError.
    """
    robot.find_out()
    robot.lift_clear(stages, cancelled)
    with stages.stage("plan", computing=True):
        robot.planner.update_scene(robot.scene)
        trajectory = robot.planner.plan_joint(robot.start(), goal, robot.options(cancelled))
    robot.follow({"move": trajectory}, stages, cancelled, robot.watch_grip)


def move_to_pose(robot: Manipulator, base_from_tcp: FloatArray, stages: Stages, cancelled: Cancelled) -> None:
    """Move the tool centre point to a pose (4, 4).

    Raises a MotionError, or StaleInputError.
    """
    robot.find_out()
    robot.lift_clear(stages, cancelled)
    with stages.stage("plan", computing=True):
        robot.planner.update_scene(robot.scene)
        _, trajectory = robot.planner.plan_pose(robot.start(), [base_from_tcp], robot.options(cancelled))
    robot.follow({"move": trajectory}, stages, cancelled, robot.watch_grip)
