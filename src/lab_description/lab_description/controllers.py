"""ROS parameters of the controllers of a cell, for ros2_control: the same in Gazebo and on hardware."""

from __future__ import annotations

from typing import Any

from lab_description.cell import Cell

TRAJECTORY_CONTROLLER = "joint_trajectory_controller/JointTrajectoryController"
GRIPPER_CONTROLLER = "parallel_gripper_action_controller/GripperActionController"
# Hz; how often an action is looked at for its end
_MONITOR_RATE = 50.0


def arm_parameters(cell: Cell, kind: str = TRAJECTORY_CONTROLLER) -> dict[str, Any]:
    """Of the controller that follows the arm's trajectories."""
    tolerances = {name: {"trajectory": 0.2, "goal": 0.02} for name in cell.robot.joint_names}
    return {
        "type": kind,
        "joints": list(cell.robot.joint_names),
        "command_interfaces": ["position"],
        "state_interfaces": ["position", "velocity"],
        "action_monitor_rate": _MONITOR_RATE,
        "constraints": {"stopped_velocity_tolerance": 0.05, "goal_time": 1.0, **tolerances},
    }


def gripper_parameters(cell: Cell, kind: str = GRIPPER_CONTROLLER) -> dict[str, Any]:
    """Of the controller that closes the fingers; a part between them is a success."""
    return {
        "type": kind,
        "joint": cell.gripper.joint,
        "allow_stalling": True,
        "stall_velocity_threshold": 0.02,
        "stall_timeout": 0.15,
        "goal_tolerance": 0.005,
        "action_monitor_rate": _MONITOR_RATE,
    }
