"""The node with real messages: images of rendered parts in, scenes out, and what it says when something is
missing.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import rclpy
from bent_images import bent
from geometry_msgs.msg import TransformStamped
from lab_interfaces.msg import Outcome, Scene
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rendered_scenes import box, cylinder, render, sphere
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header
from tf2_ros import StaticTransformBroadcaster
from vision_msgs.msg import Detection3DArray

from lab_core.geometry import make_transform
from lab_description import load_cell
from lab_node.conversions.clouds import points_and_normals
from lab_node.conversions.images import camera_info_message, depth_in_metres, image_message
from lab_node.conversions.poses import transform_from_matrix
from lab_node.qos import RELIABLE, SENSOR
from lab_perception.perception_node import CAMERA_INFO, COLOR, DEPTH, PerceptionNode

CELL = load_cell("ur5e_table")
PARTS = [
    box((0.04, 0.03, 0.05), 0.48, 0.05, rgb=(0.8, 0.1, 0.1)),
    cylinder(0.02, 0.04, 0.56, -0.1, rgb=(0.1, 0.2, 0.8)),
    sphere(0.02, 0.6, 0.12, rgb=(0.9, 0.8, 0.1)),
]


def nanoseconds(message) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


class Camera(Node):
    """Publishes what a camera and a robot at home would, and collects what perception says."""

    def __init__(self, scene) -> None:
        super().__init__("camera_of_the_test")
        self.scene = scene
        self._color = self.create_publisher(Image, COLOR, SENSOR)
        self._depth = self.create_publisher(Image, DEPTH, SENSOR)
        self._info = self.create_publisher(CameraInfo, CAMERA_INFO, SENSOR)
        self._joints = self.create_publisher(JointState, "/joint_states", SENSOR)
        self._tf = StaticTransformBroadcaster(self)
        self.scenes: list[Scene] = []
        self.detections: list[Detection3DArray] = []
        self.changed = threading.Condition()
        self.create_subscription(Scene, "/scene/objects", self._collect(self.scenes), RELIABLE)
        self.create_subscription(
            Detection3DArray, "/scene/detections", self._collect(self.detections), RELIABLE
        )
        self.stamp = 0

    def _collect(self, into):
        def callback(message):
            with self.changed:
                into.append(message)
                self.changed.notify_all()

        return callback

    def connected(self) -> bool:
        return (
            min(p.get_subscription_count() for p in (self._color, self._depth, self._info, self._joints)) > 0
        )

    def broadcast_pose(self) -> None:
        self._tf.sendTransform(
            TransformStamped(
                header=Header(frame_id="base_link"),
                child_frame_id=CELL.camera.frame,
                transform=transform_from_matrix(self.scene.base_from_camera),
            )
        )

    def calibration(self, header: Header) -> CameraInfo:
        return camera_info_message(self.scene.camera, header)

    def shoot(self, depth_encoding: str = "16UC1", joints: bool = True) -> int:
        """One exposure; its stamp in nanoseconds."""
        self.stamp += 66_666_667
        header = Header(stamp=Time(nanoseconds=self.stamp).to_msg(), frame_id=CELL.camera.frame)
        home = list(CELL.robot.configurations["home"])
        names = [*CELL.robot.joint_names, CELL.gripper.joint]
        if joints:
            self._joints.publish(JointState(header=header, name=names, position=[*home, 0.0]))
        self._info.publish(self.calibration(header))
        self._color.publish(image_message(self.scene.color, "rgb8", header))
        depth = np.nan_to_num(self.scene.depth)
        if depth_encoding == "16UC1":
            self._depth.publish(image_message(np.round(depth * 1e3).astype(np.uint16), "16UC1", header))
        else:
            self._depth.publish(image_message(self.scene.depth, "32FC1", header))
        return self.stamp

    def look(self, timeout: float = 120.0, want=lambda scene: True, **how) -> Scene:
        """Shoots until a scene of one of these exposures comes that is wanted."""
        first = self.stamp + 1
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.shoot(**how)
            with self.changed:
                if self.changed.wait_for(lambda: self._after(first, want) is not None, 0.5):
                    return self._after(first, want)
        raise AssertionError(
            f"no such scene within {timeout} s; last: {self.scenes[-1].outcome if self.scenes else None}"
        )

    def _after(self, first: int, want):
        return next((s for s in self.scenes if nanoseconds(s) >= first and want(s)), None)


class Graph:
    """Perception and a camera, spun by one executor in a thread."""

    def __init__(self, scene, **parameters) -> None:
        # a machine that pauses makes a camera silent; only the test of silence wants to hear of it
        parameters.setdefault("silence_limit", 60.0)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = PerceptionNode(parameter_overrides=overrides)
        self.camera = Camera(scene)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._executor.add_node(self.camera)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)

    def start(self) -> Camera:
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        self._thread.start()
        deadline, pause = time.monotonic() + 60.0, threading.Event()
        while not self.camera.connected():
            assert time.monotonic() < deadline, "perception did not subscribe"
            pause.wait(0.01)
        return self.camera

    def close(self) -> None:
        self.node.end()
        self._executor.shutdown()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)
        self.node.destroy_node()
        self.camera.destroy_node()


@pytest.fixture(scope="module", autouse=True)
def ros():
    os.environ.setdefault("ROS_DOMAIN_ID", "31")
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def graph():
    made = []

    def make(scene, **parameters) -> Graph:
        made.append(Graph(scene, **parameters))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def scene():
    return render(PARTS, CELL.camera.base_from_camera)


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_images_become_a_scene_with_their_stamp(graph, scene, encoding):
    camera = graph(scene).start()
    camera.broadcast_pose()
    message = camera.look(want=lambda s: s.outcome.code == Outcome.SUCCESS, depth_encoding=encoding)
    assert message.header.frame_id == "base_link"
    assert sorted(item.color_name for item in message.objects) == ["blue", "red", "yellow"]
    red = next(item for item in message.objects if item.color_name == "red")
    assert np.allclose(
        [red.box.center.position.x, red.box.center.position.y], PARTS[0].position[:2], atol=0.004
    )
    assert np.allclose(sorted([red.box.size.x, red.box.size.y]), [0.03, 0.04], atol=0.004)
    points, normals = points_and_normals(red.segment)
    assert 100 < len(points) <= 2000
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-4)
    assert message.view.depth.width == 320
    assert message.view.camera_info.k[0] == pytest.approx(scene.camera.fx / 2)
    assert np.nanmedian(depth_in_metres(message.view.depth)) == pytest.approx(
        np.nanmedian(scene.depth), abs=0.01
    )
    with camera.changed:
        assert camera.changed.wait_for(
            lambda: any(d.header == message.header for d in camera.detections), 10.0
        )
    detections = next(d for d in camera.detections if d.header == message.header)
    assert [d.id for d in detections.detections] == [item.id for item in message.objects]
    assert [d.bbox for d in detections.detections] == [item.box for item in message.objects]
    hypotheses = [[result.hypothesis for result in d.results] for d in detections.detections]
    assert hypotheses == [item.hypotheses for item in message.objects]
    assert all(item.class_id == "part" and 0.0 < item.score <= 1.0 for item in red.hypotheses)
    assert len(red.hypotheses) == 1


def test_images_of_a_lens_that_bends_lines_are_rectified(graph, scene):
    """Barrel distortion of 10 % at the border: taken as it is, a part would lie 6 mm beside its place."""
    d = (-0.12, 0.05, 0.001, -0.001, 0.0)
    camera = graph(replace_images(scene, d)).start()
    camera.broadcast_pose()
    plain = camera.calibration

    def calibration(header: Header) -> CameraInfo:
        info = plain(header)
        info.d = list(d)
        return info

    camera.calibration = calibration
    message = camera.look(want=lambda s: s.outcome.code == Outcome.SUCCESS)
    assert len(message.objects) == len(PARTS)
    red = next(item for item in message.objects if item.color_name == "red")
    found = [red.box.center.position.x, red.box.center.position.y]
    assert np.allclose(found, PARTS[0].position[:2], atol=0.004)


def replace_images(scene, d):
    color, depth = bent(scene.color, scene.depth, scene.camera, d)
    return replace(scene, color=color, depth=depth)


@pytest.mark.parametrize("moves", [False, True])
def test_moving_transforms_are_listened_to_where_the_camera_moves(graph, scene, moves):
    camera = graph(scene, camera_moves=moves).start()
    camera.broadcast_pose()
    camera.look(want=lambda s: s.outcome.code == Outcome.SUCCESS)
    assert camera.count_subscribers("/tf") == moves


def over_the_border():
    eye_to_the_side = make_transform(np.eye(3), [0.0, 0.33, 0.0])
    part = box((0.06, 0.06, 0.03), 0.45, -0.04, rgb=(0.8, 0.1, 0.1))
    return render([part], eye_to_the_side @ CELL.camera.base_from_camera)


def blind(scene):
    return replace(scene, depth=np.full_like(scene.depth, np.nan))


def looks_away(scene):
    return replace(
        scene, base_from_camera=make_transform(np.eye(3), [0.0, 2.0, 0.0]) @ scene.base_from_camera
    )


def dark(scene):
    return replace(scene, color=np.zeros_like(scene.color))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (blind, Outcome.NO_DEPTH),
        (looks_away, Outcome.NO_SUPPORT),
        (lambda scene: render([], CELL.camera.base_from_camera), Outcome.NO_OBJECT),
        (lambda scene: over_the_border(), Outcome.OBJECT_OUT_OF_VIEW),
        (lambda scene: dark(render([], CELL.camera.base_from_camera)), Outcome.NO_COLOUR),
    ],
)
def test_what_an_image_does_not_show_is_an_outcome(graph, scene, change, code):
    camera = graph(change(scene), robot_mask=False).start()
    camera.broadcast_pose()
    message = camera.look(want=lambda s: s.outcome.code != Outcome.UNAVAILABLE)
    assert message.outcome.code == code, message.outcome.message
    assert message.outcome.message


def test_what_speaks_against_a_scene_is_told_beside_it(graph, scene):
    one = graph(dark(scene))
    camera = one.start()
    camera.broadcast_pose()
    camera.look(want=lambda s: s.outcome.code == Outcome.SUCCESS and len(s.objects) > 0)
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while "the colour image is dark" not in one.node.diagnose().trouble:  # noted after the scene is sent
        assert time.monotonic() < deadline, "no doubt is told"
        pause.wait(0.01)


def test_without_a_transform_it_says_whose(graph, scene):
    camera = graph(scene).start()
    message = camera.look()
    assert message.outcome.code == Outcome.UNAVAILABLE
    assert "robot_state_publisher" in message.outcome.message


def test_without_joint_states_the_robot_cannot_be_left_out(graph, scene):
    camera = graph(scene).start()
    camera.broadcast_pose()
    message = camera.look(joints=False, want=lambda s: s.outcome.code != Outcome.UNAVAILABLE)
    assert message.outcome.code == Outcome.STALE_INPUT
    assert "/joint_states" in message.outcome.message


def test_a_silent_camera_is_told(graph, scene):
    camera = graph(scene, silence_limit=0.2).start()
    with camera.changed:
        assert camera.changed.wait_for(lambda: len(camera.scenes) > 0, 60.0)
    assert camera.scenes[0].outcome.code == Outcome.CAMERA_SILENT
    assert COLOR in camera.scenes[0].outcome.message


def test_an_unknown_detector_refuses_to_configure(graph, scene):
    one = graph(scene, detector="clairvoyant")
    assert one.node.trigger_configure() == TransitionCallbackReturn.FAILURE


def test_images_are_dropped_rather_than_kept_for_long(graph, scene):
    """Of what comes faster than it can be worked on hardly any is kept: soon the newest image is answered."""
    one = graph(scene)
    camera = one.start()
    camera.broadcast_pose()
    camera.look(want=lambda s: s.outcome.code == Outcome.SUCCESS)
    last = None
    for _ in range(40):
        last = camera.shoot()
    with camera.changed:
        assert camera.changed.wait_for(lambda: nanoseconds(camera.scenes[-1]) == last, 60.0)
    assert len(camera.scenes) < camera.stamp / 66_666_667


def test_an_unknown_network_refuses_to_configure(graph, scene, capfd):
    one = graph(scene, **{"geometric.network": "prats"})
    assert one.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert (
        "no network 'prats': set the detector's parameter network to one of: parts" in capfd.readouterr().err
    )
