"""The force on one tactile pad, of a stream of wrenches."""

from __future__ import annotations

from collections import deque

import numpy as np
from geometry_msgs.msg import WrenchStamped
from rclpy.time import Time

from lab_motion.conversions import pad_force
from lab_node.freshness import Latest

WINDOW = 0.05
"""Seconds of stamps. A part that shakes between hard pads leaves one of them for a moment, and single samples
of a sensor are wrong: Gazebo's pads feel nothing in 3 of 1000 samples of a grip that lasts."""


class PadForce(Latest[WrenchStamped]):
    """What pushes a pad: the median of the newest samples."""

    def __init__(self, what: str) -> None:
        """what: as in Latest."""
        super().__init__(what)
        self._recent: deque[WrenchStamped] = deque()

    def put(self, message: WrenchStamped) -> None:
        """Take the message as the newest, and forget those that lie more than the window before it, or after
        it: a simulation that was reset tells earlier times.
        """
        with self._changed:
            self._recent.append(message)
            now = _nanoseconds(message)
            while not 0 <= now - _nanoseconds(self._recent[0]) <= 1e9 * WINDOW:
                self._recent.popleft()
        super().put(message)

    def begin_anew(self, stamp: Time, wall_timeout: float) -> None:
        """Wait, in a worker thread, for a sample of this time or later, and forget those before it, when the
        fingers did something else.
        """
        if self.wait_for_newer(stamp, wall_timeout) is None:
            return  # `now` says how old the newest is
        with self._changed:
            while _nanoseconds(self._recent[0]) < stamp.nanoseconds:
                self._recent.popleft()

    def now(self, now: Time, max_age: float) -> float:
        """N, positive into the pad. max_age: of the newest sample, seconds.

        Raises StaleInputError: the newest sample is too old, or one of them is not a finite number.
        """
        self.fresh(now, max_age)
        with self._changed:
            recent = list(self._recent)
        return float(np.median([pad_force(message) for message in recent]))


def _nanoseconds(message: WrenchStamped) -> int:
    stamp = message.header.stamp
    return 1_000_000_000 * int(stamp.sec) + int(stamp.nanosec)
