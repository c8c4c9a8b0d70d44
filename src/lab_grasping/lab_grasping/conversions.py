"""Messages to dataclasses and back; the only file that knows both."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point
from lab_interfaces.msg import Grasp as GraspMessage
from lab_interfaces.msg import GraspArray, Outcome, Scene
from lab_interfaces.msg import ObservedObject as ObjectMessage
from rclpy.time import Time
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from lab_core.errors import InvalidRequestError
from lab_core.geometry import Plane
from lab_grasping.gripper import ParallelGripper
from lab_grasping.port import Grasp
from lab_grasping.scene import DepthView, ObservedObject, ObservedScene
from lab_grasping.suction_gripper import SuctionGripper
from lab_node.boxes import box_from_message
from lab_node.clouds import points_and_normals
from lab_node.images import depth_in_metres, pinhole_camera
from lab_node.poses import matrix_from_pose, pose_from_matrix

FINGER, STEM = 0.06, 0.05
"""Drawn lengths of the fingers and of what holds them, metres."""
LIP_CORNERS = 12


def scene_from_message(message: Scene) -> ObservedScene:
    """The scene of a message.

    Raises InvalidRequestError when an image, cloud, pose or plane in it is malformed.
    """
    normal = np.array(message.support.coef[:3], dtype=np.float64)
    length = float(np.linalg.norm(normal))
    if not length > 1e-6:
        raise InvalidRequestError(f"support plane {list(message.support.coef)} of the scene has no normal")
    camera, depth = pinhole_camera(message.view.camera_info), depth_in_metres(message.view.depth)
    if depth.shape != (camera.height, camera.width):
        raise InvalidRequestError(
            f"depth view of {depth.shape[1]}x{depth.shape[0]} does not fit its camera_info of"
            f" {camera.width}x{camera.height}"
        )
    return ObservedScene(
        stamp=Time.from_msg(message.header.stamp).nanoseconds,
        frame=message.header.frame_id,
        support=Plane(normal / length, float(message.support.coef[3]) / length),
        objects=tuple(_object(item) for item in message.objects),
        view=DepthView(matrix_from_pose(message.view.camera_pose), camera, depth),
    )


def _object(message: ObjectMessage) -> ObservedObject:
    points, normals = points_and_normals(message.segment)
    return ObservedObject(
        id=message.id,
        points=points.astype(np.float64),
        normals=normals.astype(np.float64),
        box=box_from_message(message.box, f"object '{message.id}'"),
        truncated=message.truncated,
    )


def grasp_message(grasp: Grasp, header: Header) -> GraspMessage:
    """Message of a grasp that was planned on the image of the header."""
    return GraspMessage(
        header=header,
        object_id=grasp.object_id,
        pose=pose_from_matrix(grasp.base_from_tcp),
        width=grasp.width,
        opening=grasp.opening,
        approach_distance=grasp.approach_distance,
        score=grasp.score,
    )


def grasp_array(grasps: tuple[Grasp, ...], outcome: Outcome, header: Header) -> GraspArray:
    """Message of ranked grasps; with an outcome other than success normally of none."""
    return GraspArray(
        header=header, outcome=outcome, grasps=[grasp_message(grasp, header) for grasp in grasps]
    )


def markers(grasps: tuple[Grasp, ...], hand: ParallelGripper | SuctionGripper, header: Header) -> MarkerArray:
    """A fork (of a suction cup a rod with its lip) for each grasp, red (score 0) to green (score 1), after a
    marker that deletes those of before.
    """
    result = MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])
    for index, grasp in enumerate(grasps):
        lines = _fork(grasp, hand) if isinstance(hand, ParallelGripper) else _rod(hand)
        result.markers.append(
            Marker(
                header=header,
                ns=grasp.object_id,
                id=index,
                type=Marker.LINE_LIST,
                action=Marker.ADD,
                pose=pose_from_matrix(grasp.base_from_tcp),
                points=[Point(x=float(x), y=float(y), z=float(z)) for x, y, z in lines],
                color=ColorRGBA(r=float(1.0 - grasp.score), g=float(grasp.score), b=0.1, a=1.0),
            )
        )
        result.markers[-1].scale.x = 0.003 if index == 0 else 0.001
    return result


def _fork(grasp: Grasp, gripper: ParallelGripper) -> list[tuple[float, float, float]]:
    """Ends of its lines in tcp, metres."""
    tip = float(gripper.pad_centre(grasp.width)) + 0.5 * gripper.pad_length
    root, half = tip - FINGER, 0.5 * grasp.width
    corners = [(-half, root), (half, root), (half, root), (half, tip), (-half, root), (-half, tip)]
    return [(0.0, y, z) for y, z in ((0.0, root - STEM), (0.0, root), *corners)]


def _rod(cup: SuctionGripper) -> list[tuple[float, float, float]]:
    """Ends of its lines in tcp, metres."""
    angle = np.arange(LIP_CORNERS + 1) * (2.0 * np.pi / LIP_CORNERS)
    ring = cup.lip_radius * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    return [(0.0, 0.0, -FINGER - STEM), (0.0, 0.0, 0.0), *map(tuple, np.repeat(ring, 2, axis=0)[1:-1])]
