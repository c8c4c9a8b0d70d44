"""Camera and arm of a running cell: the colour image, the joint states and move_to."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Self

import numpy as np
import numpy.typing as npt
import rclpy
from lab_interfaces.action import MoveTo
from lab_interfaces.msg import Outcome
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import Image, JointState

from lab_calibration.errors import CalibrationError
from lab_calibration.procedure import Look
from lab_core.errors import StaleInputError, StoppedError, UnavailableError
from lab_core.geometry import FloatArray
from lab_description import Cell
from lab_node.actions import result_of, wait_for
from lab_node.conversions.images import rgb
from lab_node.executor import ExecutorThread
from lab_node.freshness import Latest
from lab_node.names import namespace_from, ros_arguments
from lab_node.qos import SENSOR
from lab_node.rclpy_overrides import ActionClient, destroy_actions

SERVER_TIMEOUT, ANSWER_TIMEOUT, IMAGE_TIMEOUT = 20.0, 20.0, 30.0
IMAGE_TOPIC = "camera/color/image_raw"
MOTION_TIMEOUT = 900.0
"""A motion's 300 s, and the 600 s for which the first one of a real arm waits until somebody confirms it."""
STILL = 0.002
"""Rad/s: joints that are slower stand."""
_SETTLED = 300_000_000
"""Nanoseconds for which the joints have stood before a picture counts, and stand until it is taken."""
_WITHIN = 0.0005
"""Radians within which they stayed meanwhile."""


class RosCamera:
    """Context manager: a node beside the cell that sees its colour images."""

    def __init__(self, namespace: str = "") -> None:
        self._namespace = namespace

    def __enter__(self) -> Self:
        rclpy.init(args=ros_arguments("calibration", namespace_from(self._namespace)))
        self.node = Node("calibration")
        self._image = Latest[Image]("colour image")
        self._wanted = 0
        self.node.create_subscription(Image, IMAGE_TOPIC, self._image.put, SENSOR)
        self._connect()
        self._executor = ExecutorThread(self.node)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.close()
        destroy_actions(self.node)
        self.node.destroy_node()
        rclpy.try_shutdown()

    def _connect(self) -> None:
        """What else is listened to or asked, before the node turns."""

    def next_picture(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) RGB, the newest that was not given yet. Raises UnavailableError when none comes."""
        message = self._image.wait_for_newer(Time(nanoseconds=self._wanted), IMAGE_TIMEOUT)
        if message is None:
            raise self._silent()
        self._wanted = Time.from_msg(message.header.stamp).nanoseconds + 1
        return np.ascontiguousarray(rgb(message))

    def _silent(self) -> UnavailableError:
        topic = self.node.resolve_topic_name(IMAGE_TOPIC)
        return UnavailableError(
            f"no new colour image came on {topic} within {IMAGE_TIMEOUT:.0f} s: start the cell and its"
            " camera's driver, name its --namespace, and synchronise the computers' clocks"
        )


class RosRig(RosCamera):
    """The arm as well."""

    def __init__(self, cell: Cell, namespace: str = "") -> None:
        super().__init__(namespace)
        self._cell = cell

    def _connect(self) -> None:
        self._joints: deque[tuple[int, FloatArray]] = deque(maxlen=600)
        self._changed = threading.Condition()
        self.node.create_subscription(JointState, "joint_states", self._take_joints, SENSOR)
        self._move_to = ActionClient(self.node, MoveTo, "move_to")

    def move(self, joints: FloatArray) -> None:
        """By the motion node: planned clear of everything known, slow where the cell says so, stopped as
        all.
        """
        names = list(self._cell.robot.joint_names)
        goal = MoveTo.Goal(joints=JointState(name=names, position=[float(value) for value in joints]))
        if not self._move_to.wait_for_server(SERVER_TIMEOUT):
            raise UnavailableError("no server for move_to: is the cell running and its motion node active?")
        handle = wait_for(self._move_to.send_goal_async(goal), ANSWER_TIMEOUT, "move_to")
        if not handle.accepted:
            raise UnavailableError("move_to refused the goal: it is busy or not active")
        outcome = result_of(handle, lambda: False, MOTION_TIMEOUT, "move_to").result.outcome
        if outcome.code == Outcome.STOPPED:
            raise StoppedError(outcome.message)
        if outcome.code != Outcome.SUCCESS:
            raise CalibrationError(outcome.message)

    def look(self) -> Look:
        """The first picture before and after which the joints stand."""
        deadline = time.monotonic() + IMAGE_TIMEOUT
        wanted, seen = self._newest() + _SETTLED, False
        while time.monotonic() < deadline:
            message = self._image.wait_for_newer(Time(nanoseconds=wanted), wall_timeout=0.2)
            if message is None:
                continue
            seen = True
            stamp = Time.from_msg(message.header.stamp).nanoseconds
            stood = self._stood(stamp, deadline)
            if stood is not None:
                return Look(np.ascontiguousarray(rgb(message)), stood)
            wanted = stamp + 1
        if not seen:
            raise self._silent()
        raise StaleInputError(
            f"the arm moved in all pictures of {IMAGE_TIMEOUT:.0f} s, or its joint states stopped: let it"
            " stand, and see that its driver runs"
        )

    def _take_joints(self, message: JointState) -> None:
        names = self._cell.robot.joint_names
        try:
            index = [message.name.index(name) for name in names]
        except ValueError:
            return  # of the hand alone
        if not message.position:
            return  # of velocities alone
        with self._changed:
            stamp = Time.from_msg(message.header.stamp).nanoseconds
            self._joints.append((stamp, np.array([message.position[i] for i in index])))
            self._changed.notify_all()

    def _newest(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._joints, IMAGE_TIMEOUT)
            if not self._joints:
                raise UnavailableError("no joint states come: is the cell running?")
            return self._joints[-1][0]

    def _stood(self, stamp: int, deadline: float) -> FloatArray | None:
        """(J,) where the joints stood about a stamp; None where they moved."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._joints[-1][0] >= stamp, max(0.1, deadline - time.monotonic())
            )
            around = [position for at, position in self._joints if abs(at - stamp) <= _SETTLED]
        if len(around) < 3 or np.ptp(around, axis=0).max() > _WITHIN:
            return None
        return np.mean(around, axis=0)
