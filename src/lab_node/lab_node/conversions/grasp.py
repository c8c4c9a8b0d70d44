"""Grasps: messages to dataclasses and back."""

from __future__ import annotations

from collections.abc import Iterable

from lab_interfaces.msg import Grasp as GraspMessage
from rclpy.time import Time
from std_msgs.msg import Header

from lab_core.grasp import Grasp
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix


def grasp_message(grasp: Grasp) -> GraspMessage:
    """The grasp, with the stamp and frame of its scene; what its score is made of stays behind."""
    return GraspMessage(
        header=Header(stamp=Time(nanoseconds=grasp.scene_stamp).to_msg(), frame_id=grasp.frame),
        object_id=grasp.object_id,
        pose=pose_from_matrix(grasp.base_from_tcp),
        width=grasp.width,
        opening=grasp.opening,
        approach_distance=grasp.approach_distance,
        score=grasp.score,
    )


def grasp_from_message(message: GraspMessage) -> Grasp:
    """The grasp of a message.

    Raises InvalidRequestError when its pose is malformed.
    """
    return Grasp(
        scene_stamp=Time.from_msg(message.header.stamp).nanoseconds,
        frame=message.header.frame_id,
        object_id=message.object_id,
        base_from_tcp=matrix_from_pose(message.pose),
        width=message.width,
        opening=message.opening,
        approach_distance=message.approach_distance,
        score=message.score,
    )


def grasp_messages(grasps: Iterable[Grasp]) -> list[GraspMessage]:
    """Grasps in their order."""
    return [grasp_message(grasp) for grasp in grasps]


def grasps_from_messages(messages: Iterable[GraspMessage]) -> list[Grasp]:
    """Grasps in their order.

    Raises InvalidRequestError when a pose is malformed.
    """
    return [grasp_from_message(message) for message in messages]
