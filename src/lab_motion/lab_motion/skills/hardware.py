"""What the skills ask of arm and hand: ports, so that they know no ROS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lab_core.geometry import FloatArray
from lab_motion.planning.port import Trajectory
from lab_motion.skills.grip.port import Reading

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
    """What takes hold of parts: fingers, or a suction cup."""

    def reading(self) -> Reading:
        """What it measures now, of the kind that its GripSensor judges.

        Raises StaleInputError when none came lately.
        """

    def halt(self) -> None:
        """Stop what was begun, and do not wait. What is held stays held: a cup keeps its vacuum."""

    def grip(self, force: float) -> None:
        """Begin to take hold, and do not wait: close the fingers with a force, N; build up the vacuum.

        Raises GripperFailed, DeadlineError.
        """

    def tighten(self, allowed: bool) -> None:
        """Whether a hand that grips as hard as the load asks may grip harder; nothing for any other.

        What it sets down pushes back, and would look like a slip.
        """

    def release(self, opening: float, force: float) -> None:
        """Begin to let go, and do not wait: move the fingers to an opening, metres, with a force, N; let air
        into the cup.

        Raises GripperFailed, DeadlineError.
        """

    def finish(self, cancelled: Cancelled) -> Reading:
        """Wait for the end of what was begun: fingers at rest, at their goal or on a part; a pressure that
        changes no more.

        Raises GripperFailed, ExecutionCancelled, StaleInputError.
        """
