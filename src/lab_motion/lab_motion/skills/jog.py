"""A small straight step of the tool centre point, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lab_core.geometry import FloatArray, rotation_about
from lab_motion.errors import InvalidGoal
from lab_motion.planning.port import Contacts
from lab_motion.skills.hardware import Cancelled
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.stages import Stages

LARGEST_STEP, LARGEST_TURN = 0.05, 0.3
"""Of one step, metres and radians."""
# Lets a step of exactly the largest size pass that was computed.
_ROUNDING = 1e-9
_UP = (0.0, 0.0, 1.0)


def jog(
    robot: Manipulator,
    offset: FloatArray,
    turn: float,
    speed: float,
    tcp_speed: float,
    stages: Stages,
    cancelled: Cancelled,
    begin: Callable[[], None] = lambda: None,
) -> None:
    """Move by an offset (3,), metres along the axes of the base frame, and by a turn about its vertical.

    The way is straight and checked like that of any other motion: close to parts, touching none; there is no
    way around. speed: share of the joints' limits. tcp_speed: m/s. begin: called when the way is planned,
    before anything moves; what it raises ends the step.

    Raises a MotionError, or StaleInputError.
    """
    length = float(np.linalg.norm(offset))
    if not (
        length <= LARGEST_STEP + _ROUNDING
        and abs(turn) <= LARGEST_TURN + _ROUNDING
        and length + abs(turn) > 0.0
    ):
        raise InvalidGoal(
            f"a step of {1e3 * length:.0f} mm and {np.rad2deg(turn):.0f} degrees: expected more than nothing,"
            f" and at most {1e3 * LARGEST_STEP:.0f} mm and {np.rad2deg(LARGEST_TURN):.0f} degrees"
        )
    if robot.approval is not None:
        raise InvalidGoal("nothing moves here before its plan is approved: the arm is not moved by hand")
    robot.find_out()
    if robot.grip is not None and robot.standing:
        raise InvalidGoal("the part in the hand may still stand on something: the next order lifts it first")
    with stages.stage("plan", computing=True):
        robot.planner.update_scene(robot.scene)
        start = robot.start()
        goal = robot.planner.forward(start).copy()
        goal[:3, :3] = rotation_about(_UP, turn) @ goal[:3, :3]
        goal[:3, 3] += offset
        options = robot.straight_options(cancelled, Contacts())
        options = replace(
            options, speed=min(speed, options.speed), tcp_speed=min(tcp_speed, options.tcp_speed)
        )
        way = robot.planner.plan_straight(start, goal, options)
    begin()
    robot.follow({"jog": way}, stages, cancelled, robot.watch_grip)
