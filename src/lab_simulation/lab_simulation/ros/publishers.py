"""What the cell tells: clock, joints, wrenches and images, from the simulation's thread."""

from __future__ import annotations

from typing import Protocol

from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Header

from lab_core.depth import millimetres
from lab_description import Cell
from lab_node.conversions.images import camera_info_message, image_message
from lab_node.qos import RELIABLE, SENSOR
from lab_simulation.conversions import doubles, stamp, wrench_message
from lab_simulation.mujoco.simulation import Simulation

SLOW_TICKS = 2
"""Clock and wrenches go out every second tick: each message of the clock wakes every node of the cell."""


class HandTopics(Protocol):
    """What a hand says to ROS and does for it, from the simulation's thread."""

    def publish(self, simulation: Simulation, header: Header) -> None:
        """What it feels; the header holds the stamp."""

    def tick(self, simulation: Simulation) -> None:
        """What is due at any tick, not at the slow ones alone."""

    def give_feedback(self, simulation: Simulation) -> None:
        """On what it is working on."""


class CellPublishers:
    """Publishes after a tick what is due then; images only while somebody listens."""

    def __init__(self, node: Node, cell: Cell, hand: HandTopics) -> None:
        self._cell = cell
        self._hand = hand
        self._clock = node.create_publisher(Clock, "/clock", RELIABLE)
        self._joints = node.create_publisher(JointState, "joint_states", RELIABLE)
        self._wrist = node.create_publisher(WrenchStamped, cell.robot.wrench_topic, RELIABLE)
        self._colour = node.create_publisher(Image, "camera/color/image_raw", SENSOR)
        self._info = node.create_publisher(CameraInfo, "camera/color/camera_info", SENSOR)
        self._depth = node.create_publisher(Image, "camera/aligned_depth/image_raw", SENSOR)
        self._image = 0
        self._ticks = 0
        self._last_time = -1.0

    def tick(self, simulation: Simulation) -> None:
        """Publish."""
        if simulation.time <= self._last_time:
            self._image = self._ticks = 0
        self._last_time = simulation.time
        time = stamp(simulation)
        slow = self._ticks % SLOW_TICKS == 0
        if slow:
            self._clock.publish(Clock(clock=time))
        joints = simulation.joints()
        self._joints.publish(
            JointState(
                header=Header(stamp=time),
                name=joints.names,
                position=doubles(joints.position),
                velocity=doubles(joints.velocity),
                effort=doubles(joints.effort),
            )
        )
        self._hand.tick(simulation)
        if slow:
            self._publish_wrist(simulation, Header(stamp=time))
            self._hand.publish(simulation, Header(stamp=time))
        self._ticks += 1
        # Half a time step early is on time: rounding must not put an image off by a whole tick.
        if simulation.time * self._cell.camera.rate >= self._image - 1e-6:
            self._image = int(simulation.time * self._cell.camera.rate + 1e-6) + 1
            self._publish_images(simulation, Header(stamp=time, frame_id=self._cell.camera.frame))

    def clock(self, simulation: Simulation) -> None:
        """Tell the time again: who joins a simulation that is paused has to know it."""
        self._clock.publish(Clock(clock=stamp(simulation)))

    def _publish_wrist(self, simulation: Simulation, header: Header) -> None:
        if self._wrist.get_subscription_count():
            header.frame_id = self._cell.robot.tool_link
            self._wrist.publish(
                WrenchStamped(header=header, wrench=wrench_message(simulation.wrist_wrench()))
            )

    def _publish_images(self, simulation: Simulation, header: Header) -> None:
        if self._info.get_subscription_count():
            self._info.publish(camera_info_message(self._cell.camera.pinhole, header))
        colour, depth = self._colour.get_subscription_count(), self._depth.get_subscription_count()
        if not colour and not depth:
            simulation.skip_frame()
            return
        frame = simulation.frame()
        if colour:
            self._colour.publish(image_message(frame.colour, "rgb8", header))
        if depth:
            self._depth.publish(image_message(millimetres(frame.depth), "16UC1", header))
