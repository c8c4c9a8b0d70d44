"""Tells the stop node how near a body is to the arm, by the depth camera.

It is no safety function: docs/console.md says what it does not see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from lab_interfaces.msg import Outcome, Scene
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image, JointState, Range
from tf2_msgs.msg import TFMessage
from tf2_ros import Buffer, TransformException

from lab_core.errors import LabError
from lab_core.parameters import parameter
from lab_description import load_cell
from lab_node.collected import CollectedSubscription
from lab_node.conversions.poses import matrix_from_transform
from lab_node.conversions.scene import scene_from_message
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, spin
from lab_node.qos import HISTORY, RELIABLE, SENSOR
from lab_perception.errors import NoTransform
from lab_perception.exposure import pinhole_depth
from lab_perception.joint_history import JointHistory
from lab_perception.perception_node import CAMERA_INFO, DEPTH, JOINT_STATES
from lab_perception.presence import KnownParts, Presence, PresenceSettings, Sighting

TOPIC = "presence/distance"
# Of the sensor as a Range describes it: nothing is told beyond, metres.
_FARTHEST = 5.0


@dataclass(frozen=True)
class PresenceParameters:
    """Parameters of the node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    min_area: float = parameter(
        0.008, "Smaller bodies are not told, by what is seen of them.", unit="m^2", minimum=1e-3, maximum=0.2
    )
    min_height: float = parameter(0.04, "Lower bodies are not told.", unit="m", minimum=0.01, maximum=0.3)
    margin: float = parameter(
        0.10, "How far around the work area bodies are looked for.", unit="m", minimum=0.0, maximum=1.0
    )
    robot_padding: float = parameter(
        0.04, "The robot is taken to be larger than its shapes by this.", unit="m", minimum=0.0, maximum=0.2
    )


class PresenceNode(LabNode):
    """One answer for each depth image: the distance from the nearest body to the arm, infinite without one.

    An image that cannot be judged has no answer: the stop node stops the cell when the answers end.
    """

    Parameters = PresenceParameters
    parameters: PresenceParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("presence", **arguments)

    def configure(self) -> None:
        """Open all topics."""
        p = self.parameters
        cell = load_cell(p.cell)
        self._base_frame, self._rectified = cell.robot.base_link, cell.camera.model.rectified
        self.hardware_id = cell.camera.name
        settings = PresenceSettings(margin=p.margin, min_height=p.min_height, min_area=p.min_area)
        self._presence, self._known = Presence(cell, settings, p.robot_padding), KnownParts(settings)
        self._joints = JointHistory(self._presence.joints)
        self._info: CameraInfo | None = None
        self._transforms = Buffer()
        self._active, self._trouble = False, ""
        self._told = Sighting()
        self._distance = self.create_publisher(Range, TOPIC, SENSOR)
        self.create_subscription(TFMessage, "/tf_static", self._take_transforms, HISTORY)
        self.create_subscription(CameraInfo, CAMERA_INFO, self._take_info, SENSOR)
        self.create_subscription(Image, DEPTH, self._take_depth, SENSOR)
        self.create_subscription(Scene, "scene/objects", self._take_scene, RELIABLE)
        self._joint_states = CollectedSubscription(self, JointState, "joint_states", JOINT_STATES)

    def activate(self) -> None:
        """Begin to look."""
        self._active = True

    def deactivate(self) -> None:
        """Say nothing any more."""
        self._active = False

    def diagnose(self) -> Condition:
        """What is seen, or why nothing is."""
        seen = "nobody" if math.isinf(self._told.distance) else f"somebody at {self._told.distance:.2f} m"
        return Condition(self._trouble, {"sees": seen})

    def _take_transforms(self, message: TFMessage) -> None:
        for transform in message.transforms:
            self._transforms.set_transform_static(transform, "tf_static")

    def _take_info(self, message: CameraInfo) -> None:
        self._info = message

    def _take_scene(self, message: Scene) -> None:
        if message.outcome.code == Outcome.SUCCESS:
            self._known.update(
                Time.from_msg(message.header.stamp).nanoseconds, scene_from_message(message).objects
            )

    def _take_depth(self, message: Image) -> None:
        if not self._active or self._info is None:
            return
        try:
            self._told = self._look(message, self._info)
        except LabError as error:
            self._trouble = str(error)
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._trouble = ""
        answer = Range(header=message.header, radiation_type=Range.INFRARED, max_range=_FARTHEST)
        answer.range = self._told.distance
        self._distance.publish(answer)

    def _look(self, message: Image, info: CameraInfo) -> Sighting:
        """Raises LabError: a message is malformed, or not known where camera or arm were."""
        stamp = Time.from_msg(message.header.stamp)
        depth, camera = pinhole_depth(message, info, self._rectified)
        for state in self._joint_states.take():
            self._joints.record(Time.from_msg(state.header.stamp).nanoseconds, state.name, state.position)
        try:
            found = self._transforms.lookup_transform(self._base_frame, message.header.frame_id, stamp)
        except TransformException as error:
            raise NoTransform(
                f"where {message.header.frame_id} is in {self._base_frame} is not known: {error}"
            ) from error
        base_from_camera: np.ndarray = matrix_from_transform(found.transform)
        positions = self._joints.at(stamp.nanoseconds)
        known = self._known.boxes()
        return self._presence.look(depth, camera, base_from_camera, positions, known)


def active() -> PresenceNode:
    """No lifecycle manager brings it up: without it the stop node stops the cell by itself."""
    node = PresenceNode()
    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() != TransitionCallbackReturn.SUCCESS:
            node.end()
            raise SystemExit(1)  # the node has said why
    return node


def main() -> None:
    """Executable presence_node."""
    spin(active)
