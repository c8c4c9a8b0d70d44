"""Moving the arm, clear of everything known, to a named configuration, joint positions or a pose."""

from __future__ import annotations

from lab_core.geometry import FloatArray
from lab_motion.planning.port import Trajectory
from lab_motion.skills.approval import Plan
from lab_motion.skills.grip.errors import SlippedInHand
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.set_down import set_down
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
    _go(robot, trajectory, stages, cancelled)


def move_to_pose(robot: Manipulator, base_from_tcp: FloatArray, stages: Stages, cancelled: Cancelled) -> None:
    """Move the tool centre point to a pose (4, 4).

    Raises a MotionError, or StaleInputError.
    """
    robot.find_out()
    robot.lift_clear(stages, cancelled)
    with stages.stage("plan", computing=True):
        robot.planner.update_scene(robot.scene)
        _, trajectory = robot.planner.plan_pose(robot.start(), [base_from_tcp], robot.options(cancelled))
    _go(robot, trajectory, stages, cancelled)


def _go(robot: Manipulator, trajectory: Trajectory, stages: Stages, cancelled: Cancelled) -> None:
    way = {"move": trajectory}
    end = robot.planner.forward(trajectory.positions[-1])
    held = "" if robot.scene.held is None else robot.scene.held.id
    robot.propose(Plan("move", way, robot.scene, end, held), stages, cancelled)
    try:
        robot.follow(way, stages, cancelled, robot.watch_grip)
    except SlippedInHand:
        set_down(robot, stages, cancelled)
