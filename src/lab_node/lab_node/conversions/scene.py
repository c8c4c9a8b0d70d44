"""Scenes and parts: messages to dataclasses and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from geometry_msgs.msg import Point32
from lab_interfaces.msg import ColourShare as ColourShareMessage
from lab_interfaces.msg import DepthView as DepthViewMessage
from lab_interfaces.msg import Outcome
from lab_interfaces.msg import Part as PartMessage
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.time import Time
from shape_msgs.msg import Plane as PlaneMessage
from std_msgs.msg import ColorRGBA, Header
from vision_msgs.msg import Detection3D, Detection3DArray, ObjectHypothesis, ObjectHypothesisWithPose

from lab_core.depth import millimetres
from lab_core.errors import InvalidRequestError
from lab_core.geometry import Plane
from lab_core.outcomes import OutcomeCode
from lab_core.scene import ColourShare, DepthView, Hypothesis, Part, Scene
from lab_node.conversions.boxes import box_from_message, box_message
from lab_node.conversions.clouds import cloud_message, points_and_normals
from lab_node.conversions.images import camera_info_message, depth_in_metres, image_message, pinhole_camera
from lab_node.conversions.outcomes import known_code
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix


def scene_header(scene: Scene) -> Header:
    """Stamp of its image, and the frame of its coordinates."""
    return Header(stamp=Time(nanoseconds=scene.stamp).to_msg(), frame_id=scene.frame)


def scene_message(scene: Scene) -> SceneMessage:
    """What perception sends."""
    header = scene_header(scene)
    message = SceneMessage(header=header)
    if scene.code != OutcomeCode.SUCCESS:
        message.outcome = Outcome(code=int(scene.code), stage="perception", message=scene.message)
    if scene.support is not None:
        message.support = PlaneMessage(coef=[*scene.support.normal.tolist(), scene.support.offset])
    message.objects = [_part_message(part, header) for part in scene.objects]
    if scene.view is not None:
        camera_header = Header(stamp=header.stamp, frame_id=scene.view.frame)
        message.view = DepthViewMessage(
            camera_pose=pose_from_matrix(scene.view.base_from_camera),
            camera_info=camera_info_message(scene.view.camera, camera_header),
            depth=image_message(millimetres(scene.view.depth), "16UC1", camera_header),
        )
    return message


def scene_from_message(message: SceneMessage) -> Scene:
    """The scene of a message; one that says only why there is nothing in it has no support and no view.

    Raises InvalidRequestError when an image, cloud, box or pose in it is malformed: no object may be left
    out.
    """
    return Scene(
        stamp=Time.from_msg(message.header.stamp).nanoseconds,
        frame=message.header.frame_id,
        support=_plane(message.support),
        objects=tuple(_part(item) for item in message.objects),
        view=_view(message.view),
        code=known_code(message.outcome),
        message=message.outcome.message,
    )


def detections_message(parts: Iterable[Part], header: Header) -> Detection3DArray:
    """Parts as every ROS tool knows them: boxes with names and what they may be."""
    array = Detection3DArray(header=header)
    for part in parts:
        box = box_message(part.box)
        results = [ObjectHypothesisWithPose(hypothesis=item) for item in _hypotheses(part)]
        for result in results:
            result.pose.pose = box.center
        array.detections.append(Detection3D(header=header, results=results, bbox=box, id=part.id))
    return array


def parts_from_detections(message: Detection3DArray, what: str) -> list[Part]:
    """Parts of which only the box is known. what: words for a failure, such as "which was placed".

    Raises InvalidRequestError for a malformed box.
    """
    return [
        Part(
            item.id,
            box_from_message(item.bbox, f"'{item.id}', {what}"),
            hypotheses=tuple(
                Hypothesis(result.hypothesis.class_id, result.hypothesis.score) for result in item.results
            ),
        )
        for item in message.detections
    ]


def _part_message(part: Part, header: Header) -> PartMessage:
    red, green, blue = part.color.tolist()
    return PartMessage(
        id=part.id,
        hypotheses=_hypotheses(part),
        box=box_message(part.box),
        color=ColorRGBA(r=red, g=green, b=blue, a=1.0),
        color_name=part.color_name,
        colours=[ColourShareMessage(name=each.name, share=each.share) for each in part.colours],
        outline=[Point32(x=x, y=y, z=1.0) for x, y in part.outline.tolist()],
        filled=part.filled,
        segment=cloud_message(part.points, part.normals, header),
        truncated=part.truncated,
    )


def _part(message: PartMessage) -> Part:
    segment = message.segment
    surface = points_and_normals(segment) if segment.data else (np.empty((0, 3), np.float32),) * 2
    return Part(
        id=message.id,
        box=box_from_message(message.box, f"object '{message.id}'"),
        points=surface[0],
        normals=surface[1],
        color=np.array([message.color.r, message.color.g, message.color.b]),
        color_name=message.color_name,
        colours=tuple(ColourShare(item.name, item.share) for item in message.colours),
        outline=np.array([[point.x, point.y] for point in message.outline]).reshape(-1, 2),
        filled=message.filled,
        truncated=message.truncated,
        hypotheses=tuple(Hypothesis(item.class_id, item.score) for item in message.hypotheses),
    )


def _hypotheses(part: Part) -> list[ObjectHypothesis]:
    return [ObjectHypothesis(class_id=item.label, score=item.score) for item in part.hypotheses]


def _plane(message: PlaneMessage) -> Plane | None:
    normal = np.array(message.coef[:3], dtype=np.float64)
    length = float(np.linalg.norm(normal))
    return Plane(normal / length, float(message.coef[3]) / length) if length > 1e-6 else None


def _view(message: DepthViewMessage) -> DepthView | None:
    if not message.depth.data and message.camera_info.width == 0:
        return None
    camera, depth = pinhole_camera(message.camera_info), depth_in_metres(message.depth)
    if depth.shape != (camera.height, camera.width):
        raise InvalidRequestError(
            f"depth view of {depth.shape[1]}x{depth.shape[0]} does not fit its camera_info of"
            f" {camera.width}x{camera.height}"
        )
    return DepthView(matrix_from_pose(message.camera_pose), camera, depth, message.depth.header.frame_id)
