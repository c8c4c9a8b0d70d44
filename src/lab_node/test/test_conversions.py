"""What a scene and a grasp say arrives on the other side of a message."""

from dataclasses import replace

import numpy as np
import pytest
from lab_interfaces.msg import Outcome
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from lab_core.depth import metres
from lab_core.errors import InvalidRequestError
from lab_core.geometry import OrientedBox, PinholeCamera, Plane, make_transform, rotation_about
from lab_core.grasp import Grasp
from lab_core.outcomes import OutcomeCode
from lab_core.scene import ColourShare, DepthView, Hypothesis, Part, Scene
from lab_node.conversions.grasp import grasp_from_message, grasp_message
from lab_node.conversions.scene import (
    detections_message,
    parts_from_detections,
    scene_from_message,
    scene_message,
)

POSE = make_transform(rotation_about([0.1, 0.2, 1.0], 0.7), [0.5, 0.1, 0.02])
NUT = Part(
    "object_7",
    OrientedBox(POSE, np.array([0.04, 0.03, 0.05])),
    points=np.array([[0.5, 0.1, 0.04], [0.51, 0.1, 0.04]], np.float32),
    normals=np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], np.float32),
    color=np.array([0.25, 0.5, 0.75]),
    color_name="blue",
    truncated=True,
    hypotheses=(Hypothesis("nut", 0.75), Hypothesis("washer", 0.25)),
    colours=(ColourShare("blue", 0.75), ColourShare("white", 0.25)),
    outline=np.array([[0.125, 0.25], [0.25, 0.25], [0.25, 0.5]]),
    filled=0.875,
)
CAMERA = PinholeCamera(4, 3, 300.0, 310.0, 1.5, 1.0)
DEPTH = metres(np.array([[800, 801, 0, 1200], [700] * 4, [0] * 4], np.uint16))
SCENE = Scene(
    stamp=12_345_678_901,
    frame="base_link",
    support=Plane(np.array([0.0, 0.0, 1.0]), -0.1),
    objects=(NUT, replace(NUT, id="object_8", hypotheses=())),
    view=DepthView(POSE, CAMERA, DEPTH, "camera_color_optical_frame"),
    code=OutcomeCode.OBJECT_OUT_OF_VIEW,
    message="object_7 reaches over the border",
)


def over_the_wire(message):
    return deserialize_message(serialize_message(message), type(message))


def test_a_scene_arrives_whole():
    message = over_the_wire(scene_message(SCENE))
    scene = scene_from_message(message)
    assert (scene.stamp, scene.frame, scene.code, scene.message) == (
        SCENE.stamp,
        SCENE.frame,
        SCENE.code,
        SCENE.message,
    )
    assert message.outcome.stage == "perception"
    assert scene.ids == ["object_7", "object_8"]
    part = scene.objects[0]
    assert (part.color_name, part.truncated, part.label) == ("blue", True, "nut")
    assert (part.hypotheses, part.colours, part.filled) == (NUT.hypotheses, NUT.colours, NUT.filled)
    assert np.array_equal(part.outline, NUT.outline)
    assert scene.objects[1].hypotheses == ()
    for one, other in (
        (part.points, NUT.points),
        (part.normals, NUT.normals),
        (part.color, NUT.color),
        (part.box.size, NUT.box.size),
        (scene.view.depth, DEPTH),
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(part.box.frame_from_box, POSE, atol=1e-12)
    np.testing.assert_allclose(scene.view.base_from_camera, POSE, atol=1e-12)
    assert (scene.view.camera, scene.view.frame) == (CAMERA, "camera_color_optical_frame")
    assert (scene.support.normal.tolist(), scene.support.offset) == ([0.0, 0.0, 1.0], -0.1)


def test_a_scene_of_a_failed_look_has_no_support_and_no_view():
    failed = SceneMessage(outcome=Outcome(code=Outcome.CAMERA_SILENT, message="no image"))
    scene = scene_from_message(over_the_wire(failed))
    assert scene.support is None and scene.view is None and scene.objects == ()
    assert (scene.code, scene.message) == (OutcomeCode.CAMERA_SILENT, "no image")


def test_a_depth_view_that_does_not_fit_its_camera_is_refused():
    message = scene_message(SCENE)
    message.view.camera_info.width = 5
    with pytest.raises(InvalidRequestError, match="4x3 does not fit its camera_info of 5x3"):
        scene_from_message(message)


def test_detections_hold_what_the_parts_may_be():
    message = over_the_wire(detections_message([NUT], Header(frame_id="base_link")))
    results = message.detections[0].results
    assert [(item.hypothesis.class_id, item.hypothesis.score) for item in results] == [
        ("nut", 0.75),
        ("washer", 0.25),
    ]
    (part,) = parts_from_detections(message, "which was placed")
    assert (part.id, part.hypotheses) == (NUT.id, NUT.hypotheses)
    np.testing.assert_array_equal(part.box.size, NUT.box.size)


def test_a_grasp_says_which_scene_it_belongs_to():
    grasp = Grasp(SCENE.stamp, SCENE.frame, NUT.id, POSE, 0.03, 0.06, 0.1, 0.9, {"margin": 0.5})
    again = grasp_from_message(over_the_wire(grasp_message(grasp)))
    assert (again.scene_stamp, again.frame, again.object_id) == (SCENE.stamp, "base_link", "object_7")
    assert (again.width, again.opening, again.approach_distance, again.score) == (0.03, 0.06, 0.1, 0.9)
    np.testing.assert_allclose(again.base_from_tcp, POSE, atol=1e-12)
