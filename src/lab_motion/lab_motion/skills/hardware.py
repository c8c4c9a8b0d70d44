"""What the skills ask of arm and hand: ports, so that they know no ROS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lab_core.geometry import FloatArray
from lab_grasping.contact import PadReading
from lab_motion.planning.port import Trajectory

Cancelled = Callable[[], bool]
# Called again and again with the seconds since the motion began; raises a MotionError to stop it.
Watch = Callable[[float], None]


class Arm(Protocol):
    """Follows trajectories."""

    def positions(self) -> FloatArray:
        """Joint positions (J,) now.

        Raises StaleInputError when none came lately.
        """

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        """Carry a trajectory out and come to rest at its end; on any failure the arm stops and holds.

        Raises an ExecutionError, or what the watch raised.
        """


class Hand(Protocol):
    """A parallel gripper; its pads may feel force."""

    def reading(self) -> PadReading:
        """Opening and forces now.

        Raises StaleInputError when none came lately.
        """

    def halt(self) -> None:
        """Stop fingers that were started where they are, and do not wait."""

    def start(self, opening: float, force: float) -> None:
        """Begin to move the fingers to an opening, metres, with a force, N, and do not wait."""

    def finish(self, cancelled: Cancelled) -> PadReading:
        """Wait until the fingers that were started have come to rest, at their goal or on a part.

        Raises GripperFailed, ExecutionCancelled.
        """
