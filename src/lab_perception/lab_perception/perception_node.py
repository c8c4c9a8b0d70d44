"""The perception node: pairs of images in, scenes and detections out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

from lab_interfaces.msg import Scene
from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, TransformException, TransformListener
from vision_msgs.msg import Detection3DArray

from lab_core.errors import LabError
from lab_core.geometry import FloatArray
from lab_core.outcomes import OutcomeCode
from lab_description import load_cell
from lab_node.collected import CollectedSubscription
from lab_node.conversions.outcomes import outcome_from
from lab_node.conversions.poses import matrix_from_transform
from lab_node.conversions.scene import detections_message, scene_message
from lab_node.freshness import Silence
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, spin
from lab_node.qos import HISTORY, RELIABLE, SENSOR
from lab_perception.camera_check import CameraCheck
from lab_perception.detector import DETECTORS
from lab_perception.errors import CameraSilent, NoTransform, PerceptionError
from lab_perception.exposure import pinhole_images
from lab_perception.frame import RgbdFrame
from lab_perception.frame_statistics import FrameStatistics
from lab_perception.joint_history import JointHistory
from lab_perception.pairing import Pairing
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_perception.worker import Worker

COLOR = "camera/color/image_raw"
DEPTH = "camera/aligned_depth/image_raw"
CAMERA_INFO = "camera/color/camera_info"
# Images that may wait: a machine that pauses for a moment loses none, one that is too slow soon catches up.
WAITING = 2
# A robot's 500 Hz for as long as an image may take.
JOINT_STATES = QoSProfile(depth=200, reliability=QoSReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class Exposure:
    """What came of one instant of the camera."""

    color: Image
    depth: Image
    info: CameraInfo


class PerceptionNode(LabNode):
    """Sees the parts of the work area. Topics, parameters and outcomes: see README.md."""

    Parameters = PerceptionParameters
    parameters: PerceptionParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("perception", **arguments)
        self._active = False
        self._worker: Worker[Exposure] | None = None

    def configure(self) -> None:
        """Make the pipeline and compile it; nothing is published yet."""
        cell = load_cell(self.parameters.cell)
        self._base_frame = cell.robot.base_link
        self._rectified = cell.camera.model.rectified
        self.hardware_id = cell.camera.name
        self._perception = Perception.of(
            cell, self.parameters, self.make_plugin(DETECTORS, self.parameters.detector)
        )
        self._cell = cell
        self._camera_check = self._new_check()
        self._perception.warm_up(cell.camera.pinhole, cell.camera.base_from_camera)
        self._joints = JointHistory(self._perception.joints)
        self._pairing = Pairing[Image, Image]()
        self._info: CameraInfo | None = None
        self._statistics = FrameStatistics()
        self._trouble = ""
        self._transforms = Buffer()
        if self.parameters.camera_moves:
            self._listener = TransformListener(self._transforms, self)
        else:  # no TransformListener: that of Jazzy cannot leave /tf alone, of which nothing is needed
            self.create_subscription(TFMessage, "/tf_static", self._take_transforms, HISTORY)

        self._scenes = self.create_publisher(Scene, "scene/objects", RELIABLE)
        self._detections = self.create_publisher(Detection3DArray, "scene/detections", RELIABLE)
        self.create_subscription(CameraInfo, CAMERA_INFO, self._take_info, SENSOR)
        self.create_subscription(Image, COLOR, self._take_color, SENSOR)
        self.create_subscription(Image, DEPTH, self._take_depth, SENSOR)
        self._joint_states = CollectedSubscription(self, JointState, "joint_states", JOINT_STATES)
        # also while the clock of a simulation stands
        self.create_timer(0.5, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._silence = Silence(self)
        self._worker = Worker(self._process, "perception", WAITING)

    def activate(self) -> None:
        """Start to look."""
        self._statistics = FrameStatistics()
        self._camera_check = self._new_check()
        self._silence.hear()
        self._active = True

    def deactivate(self) -> None:
        """Stop to look, and say how it went."""
        self._active = False
        self.get_logger().info(f"{self._statistics}")

    def diagnose(self) -> Condition:
        """Counts and times of the frames, and how the newest one ended."""
        p50, p95 = self._statistics.milliseconds()
        counts = self._statistics
        values = {
            "frames in": str(counts.received),
            "processed": str(counts.processed),
            "dropped": str(counts.dropped),
            "p50 ms": f"{p50:.1f}",
            "p95 ms": f"{p95:.1f}",
        }
        info = self._info
        slow = counts.slowness(info.width, info.height) if info is not None else ""
        return Condition(self._trouble or slow, values)

    def cleanup(self) -> None:
        """End the worker's thread; it must not look for messages of subscriptions that are gone."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _new_check(self) -> CameraCheck:
        """For each time that the node is active: every start is checked. Raises ConfigurationError."""
        simulated = bool(self.get_parameter("use_sim_time").value)
        return CameraCheck(self._cell, date.today(), simulated)

    def _take_transforms(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self._transforms.set_transform_static(transform, "tf_static")

    def _take_info(self, message: CameraInfo) -> None:
        self._info = message

    def _take_color(self, message: Image) -> None:
        self._take(self._pairing.put_first(_nanoseconds(message.header), message))

    def _take_depth(self, message: Image) -> None:
        self._take(self._pairing.put_second(_nanoseconds(message.header), message))

    def _take(self, pair: tuple[Image, Image] | None) -> None:
        """Hands a pair to the worker; the oldest that waits makes way for one too many."""
        if pair is None or self._info is None or not self._active or self._worker is None:
            return
        self._silence.hear()
        self._statistics.receive(displaced=self._worker.put(Exposure(*pair, self._info)))

    def _watch(self) -> None:
        """Says that the camera is silent."""
        limit = self.parameters.silence_limit
        if self._active and self._silence.seconds > limit:
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._base_frame)
            color, depth, info = (self.resolve_topic_name(each) for each in (COLOR, DEPTH, CAMERA_INFO))
            error = CameraSilent(limit, f"{color} and {depth} with {info}")
            self._fail(error, header)

    def _process(self, exposure: Exposure) -> None:
        """One frame, in the worker's thread."""
        start = time.perf_counter()
        header = Header(stamp=exposure.color.header.stamp, frame_id=self._base_frame)
        try:
            frame = self._frame(exposure)
            self._camera_check.look(frame.color)
            scene = self._perception.perceive(frame)
        except LabError as error:
            self._fail(error, header)
            return
        except Exception as error:  # a defect of ours or of a plugged-in detector: say so, keep on looking
            self._fail(PerceptionError(f"{type(error).__name__} while looking at an image: {error}"), header)
            return
        if not self._active:
            return
        self._scenes.publish(scene_message(scene))
        self._detections.publish(detections_message(scene.objects, header))
        doubt = self._camera_check.trouble or self._perception.doubt
        self._trouble = ("" if scene.code == OutcomeCode.NO_OBJECT else scene.message) or doubt
        if doubt:
            self.get_logger().warning(doubt, throttle_duration_sec=30.0)
        self._statistics.process(time.perf_counter() - start)

    def _fail(self, error: LabError, header: Header) -> None:
        if not self._active:
            return
        self._trouble = str(error)
        self.get_logger().warning(str(error), throttle_duration_sec=5.0)
        self._scenes.publish(Scene(header=header, outcome=outcome_from(error)))

    def _frame(self, exposure: Exposure) -> RgbdFrame:
        """The frame of an exposure. Raises LabError: a message is malformed or something not known."""
        color, depth, camera = pinhole_images(exposure.color, exposure.depth, exposure.info, self._rectified)
        base_from_camera = self._base_from(exposure.color.header)
        stamp = _nanoseconds(exposure.color.header)
        positions = self._joint_positions(stamp) if self._perception.joints else None
        camera_frame = exposure.color.header.frame_id
        return self._perception.frame(color, depth, camera, base_from_camera, stamp, positions, camera_frame)

    def _joint_positions(self, stamp: int) -> dict[str, float]:
        """Positions at the time of an image; the joint state after it may still be on its way."""
        deadline = time.monotonic() + self.parameters.joint_state_wait
        while True:
            for state in self._joint_states.take():
                self._joints.record(_nanoseconds(state.header), state.name, state.position)
            if self._joints.covers(stamp) or time.monotonic() > deadline:
                return self._joints.at(stamp)
            time.sleep(0.002)

    def _base_from(self, header: Header) -> FloatArray:
        """base_from_camera at the time of the image. Raises NoTransform."""
        try:
            found = self._transforms.lookup_transform(
                self._base_frame, header.frame_id, Time.from_msg(header.stamp)
            )
        except TransformException as error:
            raise NoTransform(
                f"where {header.frame_id} is in {self._base_frame} is not known: "
                f"is robot_state_publisher running? ({error})"
            ) from error
        return matrix_from_transform(found.transform)


def _nanoseconds(header: Header) -> int:
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def main() -> None:
    """Executable perception_node."""
    spin(PerceptionNode)
