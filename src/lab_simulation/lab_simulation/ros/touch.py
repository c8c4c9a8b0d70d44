"""Tactile pads over ROS, at the rate of their sensor."""

from __future__ import annotations

from lab_interfaces.msg import TactilePad
from rclpy.node import Node

from lab_description import Gripper
from lab_node.conversions.touch import pad_message
from lab_node.qos import RELIABLE
from lab_simulation.mujoco.simulation import Simulation


class TouchTopics:
    """Publishes what the pads of a gripper say, while somebody listens; nothing for a gripper without."""

    def __init__(self, node: Node, gripper: Gripper) -> None:
        self._rate = gripper.touch.rate if gripper.touch is not None else 0.0
        self._pads = [node.create_publisher(TactilePad, topic, RELIABLE) for topic in gripper.touch_topics]
        self._next = 0.0

    def publish(self, simulation: Simulation) -> None:
        """What is due at this tick."""
        if not any(pad.get_subscription_count() for pad in self._pads):
            return
        now = simulation.time
        period = 1.0 / self._rate
        if self._next - period > now + 1e-6:  # time was put back
            self._next = now
        if now < self._next - 1e-6:
            return
        # the beat of the sensor is kept, whatever the ticks are; what was missed is not made up
        self._next = max(self._next + period, now + 1e-6)
        for pad, sample in zip(self._pads, simulation.pad_touch(), strict=True):
            pad.publish(pad_message(sample))
