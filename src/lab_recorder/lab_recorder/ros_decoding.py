"""Messages of a case, which somebody else may have written: decoded, and refused where no run holds such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message
from trajectory_msgs.msg import JointTrajectory

from lab_core.errors import ConfigurationError
from lab_node.message_rules import defect
from lab_node.message_types import message_class
from lab_recorder import recording as topics
from lab_recorder.mcap_file import Recorded

KINDS = {
    topics.COLOR: "sensor_msgs/msg/Image",
    topics.DEPTH: "sensor_msgs/msg/Image",
    topics.CAMERA_INFO: "sensor_msgs/msg/CameraInfo",
    topics.SCENE: "lab_interfaces/msg/Scene",
    topics.GRASPS: "lab_interfaces/msg/GraspArray",
    topics.OFFERED: "lab_interfaces/msg/GraspArray",
    topics.PLACED: "vision_msgs/msg/Detection3DArray",
    topics.TRAJECTORY: "trajectory_msgs/msg/JointTrajectory",
    topics.JOINTS: "sensor_msgs/msg/JointState",
    topics.TF_STATIC: "tf2_msgs/msg/TFMessage",
    topics.ATTEMPTS: "lab_interfaces/msg/Attempt",
}
"""Types of the topics that a decision is made on."""


def decoded(item: Recorded, folder: Path) -> Any:
    """The message.

    folder: of the case, for the sentence of a failure. Raises ConfigurationError when it is of another type
    than its topic, cannot be decoded, or breaks a rule of messages.
    """
    wanted = KINDS[item.topic]
    if item.kind != wanted:
        raise ConfigurationError(f"{folder}: {item.topic} holds {item.kind[:80]}, expected {wanted}")
    try:
        message = deserialize_message(item.entry.data, message_class(wanted))
    except Exception as error:  # rclpy raises what the type support of the day raises
        raise ConfigurationError(f"{folder}: {item.topic} cannot be decoded as {wanted}: {error}") from error
    if wrong := defect(message):
        raise ConfigurationError(f"{folder}: {item.topic}: {wrong}")
    return message


def trajectory_defect(trajectory: JointTrajectory, joints: Sequence[str]) -> str:
    """What keeps a trajectory from being one of these joints; empty when nothing does."""
    if sorted(trajectory.joint_names) != sorted(joints):
        return f"is for other joints than {', '.join(joints)}"
    if len(trajectory.points) < 2:
        return f"holds {len(trajectory.points)} points, expected two at least"
    if any(
        len(values) != len(joints)
        for point in trajectory.points
        for values in (point.positions, point.velocities)
    ):
        return f"has points without {len(joints)} positions and velocities"
    times = [point.time_from_start.sec + 1e-9 * point.time_from_start.nanosec for point in trajectory.points]
    if times[0] < 0.0 or not (np.diff(times) > 0.0).all():
        return "has times that do not increase"
    return ""
