"""Scenes as messages; the only module besides the node that knows both."""

from __future__ import annotations

from geometry_msgs.msg import Vector3
from lab_interfaces.msg import DepthView, ObservedObject, Outcome, Scene
from shape_msgs.msg import Plane as PlaneMessage
from std_msgs.msg import ColorRGBA, Header
from vision_msgs.msg import BoundingBox3D, Detection3D, Detection3DArray, ObjectHypothesisWithPose

from lab_core.errors import LabError
from lab_node.clouds import cloud_message
from lab_node.images import camera_info_message, image_message
from lab_node.outcomes import outcome_from, success
from lab_node.poses import pose_from_matrix
from lab_perception.objects import PerceivedObject
from lab_perception.pipeline import SceneEstimate


def scene_message(estimate: SceneEstimate, header: Header, camera_frame: str) -> Scene:
    """The scene. header: stamp of the image and frame of the estimate. camera_frame: the optical frame's
    name.
    """
    scene = Scene(header=header, outcome=_outcome(estimate))
    if estimate.support is not None:
        scene.support = PlaneMessage(coef=[*estimate.support.normal.tolist(), estimate.support.offset])
    scene.objects = [
        _object_message(item, identity, header)
        for item, identity in zip(estimate.objects, estimate.ids, strict=True)
    ]
    camera_header = Header(stamp=header.stamp, frame_id=camera_frame)
    scene.view = DepthView(
        camera_pose=pose_from_matrix(estimate.base_from_camera),
        camera_info=camera_info_message(estimate.depth_view_camera, camera_header),
        depth=image_message(estimate.depth_view, "16UC1", camera_header),
    )
    return scene


def failed_scene(error: LabError, header: Header) -> Scene:
    """A scene that says only why there is nothing in it."""
    return Scene(header=header, outcome=outcome_from(error))


def detections_message(estimate: SceneEstimate, header: Header) -> Detection3DArray:
    """The objects as every ROS tool knows them."""
    array = Detection3DArray(header=header)
    for item, identity in zip(estimate.objects, estimate.ids, strict=True):
        hypothesis = ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id = item.label or "part"
        hypothesis.hypothesis.score = item.score
        box = _box_message(item)
        hypothesis.pose.pose = box.center
        array.detections.append(Detection3D(header=header, results=[hypothesis], bbox=box, id=identity))
    return array


def _outcome(estimate: SceneEstimate) -> Outcome:
    if estimate.code == Outcome.SUCCESS:
        return success()
    return Outcome(code=int(estimate.code), stage="perception", message=estimate.message)


def _object_message(item: PerceivedObject, identity: str, header: Header) -> ObservedObject:
    red, green, blue = item.color.tolist()
    return ObservedObject(
        id=identity,
        box=_box_message(item),
        color=ColorRGBA(r=red, g=green, b=blue, a=1.0),
        color_name=item.color_name,
        segment=cloud_message(item.points, item.normals, header),
        truncated=item.truncated,
    )


def _box_message(item: PerceivedObject) -> BoundingBox3D:
    x, y, z = item.box.size.tolist()
    return BoundingBox3D(center=pose_from_matrix(item.box.frame_from_box), size=Vector3(x=x, y=y, z=z))
