"""Passes the cell's sensor topics on, and spoils them when it is told to."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.time import Duration, Time
from sensor_msgs.msg import Image, JointState

from lab_node.conversions.images import depth_in_metres, image_message
from lab_node.qos import RELIABLE, SENSOR

COLOR, DEPTH, JOINTS = "/camera/color/image_raw", "/camera/aligned_depth/image_raw", "/joint_states"
TOPICS: dict[str, Any] = {COLOR: Image, DEPTH: Image, JOINTS: JointState}
DELAY = 0.7  # seconds of the wall


class FaultyTopics(Node):
    """From /true/TOPIC to TOPIC, as `faults[topic]` says: "" is well."""

    def __init__(self) -> None:
        super().__init__("faulty_topics")
        self.faults = dict.fromkeys(TOPICS, "")
        self._frozen: dict[str, bytes] = {}
        self._late: deque[tuple[float, str, bytes]] = deque()
        # as the simulator offers them: joint states have reliable listeners
        self._outputs = {
            topic: self.create_publisher(kind, topic, RELIABLE if topic == JOINTS else SENSOR)
            for topic, kind in TOPICS.items()
        }
        for topic, kind in TOPICS.items():
            self.create_subscription(kind, f"/true{topic}", self._passer(topic), SENSOR, raw=True)
        self.create_timer(0.02, self._send_late, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._lock = threading.Lock()

    def spoil(self, topics: list[str], fault: str) -> None:
        """Begin a fault, or end it with an empty one."""
        self._frozen.clear()
        for topic in topics:
            self.faults[topic] = fault

    def _passer(self, topic: str) -> Any:
        def take(data: bytes) -> None:
            fault = self.faults[topic]
            if fault == "drop":
                return
            if fault == "delay":
                self._late.append((time.monotonic() + DELAY, topic, data))
                return
            if fault in ("freeze", "black", "nan", "past", "future"):
                data = self._spoilt(topic, data, fault)
            self._outputs[topic].publish(data)
            if fault == "duplicate":
                self._outputs[topic].publish(data)

        return take

    def _spoilt(self, topic: str, data: bytes, fault: str) -> bytes:
        kind = TOPICS[topic]
        message = deserialize_message(data, kind)
        header = message.header
        if fault in ("past", "future"):
            shift = Duration(seconds=10.0) if fault == "future" else Duration(seconds=-10.0)
            stamp = Time.from_msg(header.stamp)
            header.stamp = (
                stamp + shift if stamp.nanoseconds > 10**10 or fault == "future" else Time()
            ).to_msg()
        elif fault == "freeze":
            message = deserialize_message(self._frozen.setdefault(topic, data), kind)
            message.header = header
        elif fault == "black":
            message.data = bytes(len(message.data))
        elif topic == DEPTH:
            message = image_message(np.full_like(depth_in_metres(message), np.nan), "32FC1", header)
        else:
            message.position = [float("nan")] * len(message.position) if topic == JOINTS else []
        return bytes(serialize_message(message))

    def _send_late(self) -> None:
        while self._late and self._late[0][0] <= time.monotonic():
            _, topic, data = self._late.popleft()
            self._outputs[topic].publish(data)
