"""Messages to dataclasses and back; the only file that knows both."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from lab_interfaces.msg import Grasp as GraspMessage
from lab_interfaces.msg import Handling, StageTime
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.time import Time
from sensor_msgs.msg import FluidPressure, JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from lab_core.errors import InvalidRequestError, StaleInputError
from lab_core.geometry import FloatArray
from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_description import Cell
from lab_motion.errors import InvalidGoal
from lab_motion.planning.port import Trajectory
from lab_motion.skills.manipulator import MotionSettings
from lab_motion.skills.stages import StageDuration
from lab_node.conversions.grasp import grasp_from_message
from lab_node.conversions.scene import scene_from_message
from lab_node.message_rules import defect


def scene_to_plan_in(message: SceneMessage, frame: str) -> Scene:
    """The scene of a message.

    Raises InvalidGoal when the scene is in another frame, InvalidRequestError when it is malformed: no object
    of it may be left out.
    """
    _require_frame(message.header.frame_id, frame, "the scene")
    if wrong := defect(message):
        raise InvalidRequestError(f"the scene cannot be planned in: {wrong}")
    return scene_from_message(message)


def handled(settings: MotionSettings, message: Handling) -> MotionSettings:
    """The settings of an action on a part that is to be handled so.

    Raises InvalidGoal when speed or force cannot be.
    """
    speed, force = message.speed, message.max_force
    if not 0.0 <= speed <= 1.0:
        raise InvalidGoal(f"the speed of a part is {speed:g}, expected a share above 0 up to 1, or 0 for all")
    if not (0.0 <= force < math.inf):
        raise InvalidGoal(f"the largest force on a part is {force:g} N, expected above 0, or 0 for no limit")
    return replace(
        settings,
        speed=settings.speed * (speed or 1.0),
        force=min(settings.force, force) if force else settings.force,
    )


def grasp_to_carry_out(message: GraspMessage, cell: Cell) -> Grasp:
    """The grasp of a message.

    Raises InvalidGoal when it is in another frame, has a size that cannot be, or is for another kind of end
    effector than the cell has; InvalidRequestError for a malformed pose.
    """
    _require_frame(message.header.frame_id, cell.robot.base_link, f"the grasp on '{message.object_id}'")
    if not (0.0 <= message.opening < 1.0 and message.approach_distance > 0.0):
        raise InvalidGoal(
            f"the grasp on '{message.object_id}' has an opening of {message.opening} m and an approach of"
            f" {message.approach_distance} m, expected both above zero"
        )
    fingers = cell.end_effector.maximum_opening > 0.0
    if fingers != (message.opening > 0.0):
        raise InvalidGoal(
            f"the grasp on '{message.object_id}' has an opening of {message.opening} m, expected"
            f" {'one above zero, as' if fingers else '0, as'} '{cell.end_effector.name}'"
            f" has {'' if fingers else 'no '}fingers"
        )
    return grasp_from_message(message)


def ordered_positions(message: JointState, names: Sequence[str]) -> FloatArray:
    """Positions (J,) of the named joints.

    Raises StaleInputError when one is missing or not a finite number.
    """
    positions = dict(zip(message.name, message.position, strict=False))
    missing = [name for name in names if name not in positions]
    if missing:
        raise StaleInputError(
            f"joint states hold no {', '.join(missing)}: is the controller's broadcaster active?"
        )
    ordered = np.array([positions[name] for name in names])
    if not np.isfinite(ordered).all():
        unknown = [name for name in names if not np.isfinite(positions[name])]
        raise StaleInputError(f"joint states give no number for {', '.join(unknown)}: is its encoder sound?")
    return ordered


def joint_speeds(message: JointState, before: JointState | None, names: Sequence[str]) -> FloatArray:
    """Speeds (J,) of the named joints, rad/s (m/s): as told, else by the way since an earlier state; NaN
    where neither is known.
    """
    told = dict(zip(message.name, message.velocity, strict=False))
    speeds = np.abs([told.get(name, np.nan) for name in names])
    if before is None or np.isfinite(speeds).all():
        return speeds
    seconds = (Time.from_msg(message.header.stamp) - Time.from_msg(before.header.stamp)).nanoseconds * 1e-9
    way = np.abs(ordered_positions(message, names) - ordered_positions(before, names))
    return np.where(np.isfinite(speeds), speeds, way / max(seconds, 1e-9))


def trajectory_goal(
    trajectory: Trajectory, start: Time | None = None, delay: float = 0.0
) -> FollowJointTrajectory.Goal:
    """Goal without accelerations, so that the controller's spline is the checked one.

    start, delay: the trajectory's time 0 is so many seconds after that time; without a start it is at once.
    """
    points = [
        JointTrajectoryPoint(
            positions=array("d", positions),
            velocities=array("d", velocities),
            time_from_start=_duration(time + delay),
        )
        for time, positions, velocities in zip(
            trajectory.time, trajectory.positions, trajectory.velocities, strict=True
        )
    ]
    message = JointTrajectory(joint_names=list(trajectory.names), points=points)
    if start is not None:
        message.header.stamp = start.to_msg()
    return FollowJointTrajectory.Goal(trajectory=message)


def gripper_goal(
    joint: str, position: float, effort: float, velocity: float | None = None
) -> ParallelGripperCommand.Goal:
    """Goal for the driven joint of the gripper: rad (m), at most this effort, N m (N), and velocity, rad/s
    (m/s); without one, that of the gripper.
    """
    command = JointState(name=[joint], position=[position], effort=[effort])
    if velocity is not None:
        command.velocity = [velocity]
    return ParallelGripperCommand.Goal(command=command)


def pad_force(message: WrenchStamped) -> float:
    """Force that presses on a pad, N: +y points into the pad.

    Raises StaleInputError when it is not a finite number.
    """
    force: float = message.wrench.force.y
    if not np.isfinite(force):
        raise StaleInputError(f"the pad {message.header.frame_id} measures {force} N: is its sensor sound?")
    return force


def vacuum_below(air_pressure: float, message: FluidPressure) -> float:
    """Pa below the air around it, which has this pressure, Pa.

    Raises StaleInputError when it is not a finite number.
    """
    pressure: float = message.fluid_pressure
    if not np.isfinite(pressure):
        raise StaleInputError(
            f"the pressure in {message.header.frame_id or 'the cup'} is {pressure} Pa: is its sensor sound?"
        )
    return air_pressure - pressure


def stage_times(stages: Sequence[StageDuration]) -> list[StageTime]:
    """Messages of measured stages."""
    return [StageTime(stage=s.stage, duration=s.duration, compute=s.compute) for s in stages]


def _duration(seconds: float) -> Duration:
    nanoseconds = round(float(seconds) * 1e9)
    return Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def _require_frame(found: str, expected: str, what: str) -> None:
    if found != expected:
        raise InvalidGoal(f"{what} is in frame '{found}', expected '{expected}'")
