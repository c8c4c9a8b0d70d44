"""ROS parameters of the controllers of a cell, for ros2_control: the same in Gazebo and on hardware."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab_description.cell import Cell

TRAJECTORY_CONTROLLER = "joint_trajectory_controller/JointTrajectoryController"
GRIPPER_CONTROLLER = "parallel_gripper_action_controller/GripperActionController"
BRAKING = 4.0
"""How hard an arm brakes when it is told to stop or to cancel, as a multiple of its acceleration limits."""
# Hz; how often an action is looked at for its end
_MONITOR_RATE = 50.0
# Of the opening, metres and metres per second: fingers that are so near have arrived, so slow they stand.
_ARRIVED, _STANDING = 0.0005, 0.002


def arm_parameters(
    cell: Cell, kind: str = TRAJECTORY_CONTROLLER, of_driver: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Of the controller that follows the arm's trajectories. of_driver: what its driver wants otherwise."""
    robot = cell.robot
    joints = {
        name: {"trajectory": 0.2, "goal": 0.02, "max_deceleration_on_cancel": BRAKING * float(acceleration)}
        for name, acceleration in zip(robot.joint_names, robot.acceleration, strict=True)
    }
    ours = {
        "type": kind,
        "joints": list(robot.joint_names),
        "command_interfaces": ["position"],
        "state_interfaces": ["position", "velocity"],
        "action_monitor_rate": _MONITOR_RATE,
        # a motion that replaces another, to brake, goes on from what was commanded: the arm is behind that
        "interpolate_from_desired_state": True,
        "constraints": {
            "stopped_velocity_tolerance": 0.05,
            "goal_time": 1.0,
            "decelerate_on_cancel": True,  # else a cancel is a jump to where the arm is
            **joints,
        },
    }
    return _merged(ours, of_driver or {})


def gripper_parameters(
    cell: Cell, kind: str = GRIPPER_CONTROLLER, of_driver: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Of the controller that closes the fingers; a part between them is a success. of_driver: as above."""
    ours = {
        "type": kind,
        "joint": cell.gripper.joint,
        "allow_stalling": True,
        "stall_velocity_threshold": _STANDING / cell.gripper.lever,
        "stall_timeout": 0.15,
        "goal_tolerance": _ARRIVED / cell.gripper.lever,
        "action_monitor_rate": _MONITOR_RATE,
    }
    return _merged(ours, of_driver or {})


def _merged(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Ours with theirs in it; groups of parameters are merged, everything else is replaced."""
    merged = dict(ours)
    for name, value in theirs.items():
        below = merged.get(name)
        if isinstance(value, Mapping):
            value = _merged(below if isinstance(below, Mapping) else {}, value)
        merged[name] = value
    return merged
