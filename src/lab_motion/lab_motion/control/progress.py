"""Whether an arm follows its trajectory."""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.control.pace import Paced
from lab_motion.errors import MotionStalled

# Of the tolerance: what counts as having moved. Near its goal a slowed arm creeps.
_MOVED = 0.1


class Progress:
    """Tells a stalled arm from one that is late because it scales its speed or its clock is slow.

    An arm is all right while it is where it should be, or while it moves. Once it has been neither for
    `stall_timeout` seconds, or the trajectory has been over for that long, it has stalled.
    """

    def __init__(self, paced: Paced, tolerance: float, stall_timeout: float) -> None:
        """tolerance: radians (metres) within which the arm is where it should be. stall_timeout: seconds."""
        self._paced = paced
        self._tolerance = tolerance
        self._stall_timeout = stall_timeout
        self._last_good = 0.0
        self._anchor = paced.trajectory.positions[0]

    def check(self, elapsed: float, positions: FloatArray) -> None:
        """Positions (J,), `elapsed` seconds after the start.

        Raises MotionStalled.
        """
        planned, duration = self._paced.planned(elapsed), self._paced.trajectory.duration
        behind = float(np.abs(positions - self._paced.due(elapsed)).max())
        if np.abs(positions - self._anchor).max() > _MOVED * self._tolerance:
            self._anchor, self._last_good = positions, elapsed
        elif behind <= self._tolerance and planned < duration:
            self._last_good = elapsed
        if elapsed - self._last_good > self._stall_timeout:
            raise MotionStalled(
                f"the arm has not moved for {self._stall_timeout:.1f} s and is {np.rad2deg(behind):.1f}"
                f" degrees from where it should be, {100.0 * planned / duration:.0f} % into the motion:"
                " is it blocked or stopped?"
            )
