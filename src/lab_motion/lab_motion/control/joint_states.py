"""The newest joint states, for arm and hand: where they are, whether they stand, by which clock."""

from __future__ import annotations

import time
from collections import deque

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import JointState

from lab_core.errors import StaleInputError
from lab_core.geometry import FloatArray
from lab_motion.conversions import joint_speeds, ordered_positions
from lab_motion.errors import MotionStalled
from lab_node.freshness import Latest
from lab_node.qos import SENSOR

# Joints slower than this stand, radians per second.
_STILL = 0.005
# States of which the one that came soonest tells how far the clocks are apart, and how far they may be,
# seconds: a braking motion begins by the controller's clock, and a stop has 0.2 s.
_COMPARED, _APART = 50, 0.05


class JointStates:
    """The newest states of groups of joints. Drivers of their own publish arm and gripper in turns."""

    def __init__(self, node: Node, max_age: float) -> None:
        self._node = node
        self._max_age = max_age
        self._latest: dict[tuple[str, ...], Latest[JointState]] = {}
        self._lags: dict[tuple[str, ...], deque[float]] = {}
        node.create_subscription(JointState, "joint_states", self._put, SENSOR)

    def watch(self, names: tuple[str, ...]) -> None:
        """Keep the newest state that holds all of these joints."""
        self._latest[names] = Latest(f"state of {', '.join(names)} on /joint_states")
        self._lags[names] = deque(maxlen=_COMPARED)

    def positions(self, names: tuple[str, ...]) -> FloatArray:
        """(J,) of joints that are watched.

        Raises StaleInputError.
        """
        return self.newest(names)[1]

    def newest(self, names: tuple[str, ...]) -> tuple[Time, FloatArray]:
        """When the newest state of joints that are watched was measured, and its positions (J,).

        Raises StaleInputError.
        """
        message = self._latest[names].fresh(self._node.get_clock().now(), self._max_age)
        return Time.from_msg(message.header.stamp), ordered_positions(message, names)

    def wait_for_newer(self, names: tuple[str, ...], stamp: Time, wall_timeout: float) -> None:
        """Wait for a state of watched joints stamped at or after `stamp`, at most so long."""
        self._latest[names].wait_for_newer(stamp, wall_timeout)

    def _put(self, message: JointState) -> None:
        held = frozenset(message.name)
        for names, latest in self._latest.items():
            if held.issuperset(names):
                latest.put(message)
                lag = self._node.get_clock().now() - Time.from_msg(message.header.stamp)
                self._lags[names].append(lag.nanoseconds * 1e-9)

    def require_same_clock(self, names: tuple[str, ...]) -> None:
        """Raises StaleInputError when who publishes the state of watched joints has another time than this
        node.
        """
        lag = min(self._lags[names], key=abs, default=0.0)
        if abs(lag) > _APART:
            raise StaleInputError(
                f"joint states are stamped {abs(lag):.2f} s {'behind' if lag > 0.0 else 'ahead of'} the clock"
                f" of this node, {_APART:.2f} s are allowed: synchronise the computers (chrony, PTP)"
            )

    def wait_until_still(self, names: tuple[str, ...], wall_timeout: float) -> None:
        """Wait until none of the named joints moves any more, by their speeds, else by their positions.

        Raises MotionStalled when they still move after the timeout, StaleInputError when no state comes.
        """
        deadline = time.monotonic() + wall_timeout
        stamp, before, moving = self._node.get_clock().now(), None, ""
        latest = self._latest[names]
        while (message := latest.wait_for_newer(stamp, deadline - time.monotonic())) is not None:
            speeds = joint_speeds(message, before, names)
            # what is not known is not still
            moves = np.flatnonzero(~(speeds < _STILL))
            if len(moves) == 0:
                return
            moving, before = names[moves[0]], message
            stamp = Time.from_msg(message.header.stamp) + Duration(nanoseconds=1)
        if not moving:
            raise StaleInputError(
                "the arm was told to stop, but no joint state tells whether it did: are they published?"
            )
        raise MotionStalled(f"{moving} was told to stop and still moves {wall_timeout:.0f} s later")
