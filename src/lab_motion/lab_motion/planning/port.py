"""The port of motion planning: what a planner is asked, and what it answers.

Poses are (4, 4) base_from_tcp: the tool centre point in the robot's base frame, metres. Joint positions are
(J,) in the order of `joint_names`, radians (metres for sliding joints).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from lab_core.geometry import FloatArray, invert
from lab_core.plugins import Port
from lab_core.scene import Part
from lab_motion.errors import InvalidGoal


@dataclass(frozen=True, slots=True, eq=False)
class PlanningScene:
    """What is in the cell beside its furniture, which the planner knows from the cell.

    Of the parts only names and boxes count. objects: observed, in the base frame. held: in the tcp frame.
    opening: distance of the fingers, metres.

    Raises InvalidGoal for a box that cannot be: a collision checker would find no contact with it, and the
    planner a way through it.
    """

    objects: tuple[Part, ...] = ()
    held: Part | None = None
    opening: float = 0.0

    def __post_init__(self) -> None:
        check_boxes(self.objects if self.held is None else (*self.objects, self.held))

    def attach(self, name: str, base_from_tcp: FloatArray) -> PlanningScene:
        """The scene after the hand has taken an object at this pose.

        Raises InvalidGoal when there is no such object or the hand is full.
        """
        if self.held is not None:
            raise InvalidGoal(f"cannot take '{name}': the hand holds '{self.held.id}'")
        taken = [body for body in self.objects if body.id == name]
        if not taken:
            raise InvalidGoal(f"cannot take '{name}': the scene holds {self.names() or 'nothing'}")
        held = taken[0].moved(invert(base_from_tcp))
        return replace(self, objects=tuple(body for body in self.objects if body.id != name), held=held)

    def detach(self, base_from_tcp: FloatArray) -> PlanningScene:
        """The scene after the hand has let go at this pose; what it held is an object there."""
        if self.held is None:
            return self
        return replace(self, objects=(*self.objects, self.held.moved(base_from_tcp)), held=None)

    def names(self) -> str:
        """Names of the objects, for a sentence."""
        return ", ".join(f"'{body.id}'" for body in self.objects)


def check_boxes(parts: Sequence[Part]) -> None:
    """Raises InvalidGoal when an edge is not longer than zero, or a number of a box is none."""
    for part in parts:
        numbers = (*part.box.size.tolist(), *part.box.frame_from_box.ravel().tolist())
        if not (all(map(math.isfinite, numbers)) and min(numbers[:3]) > 0.0):
            raise InvalidGoal(
                f"the box of '{part.id}' cannot be: edges {part.box.size.tolist()} m at"
                f" {part.box.centre.tolist()} m"
            )


@dataclass(frozen=True, slots=True)
class Contacts:
    """Names of objects and furniture that the hand, or the part in it, may touch during a motion."""

    hand: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()


def never() -> bool:
    """The default of `cancelled`."""
    return False


@dataclass(frozen=True, slots=True)
class MotionOptions:
    """How a motion is planned.

    seed: decides everything random. speed, acceleration: shares of the robot's limits, 0..1.
    tcp_speed: largest speed of the tool centre point, m/s.
    contacts: None keeps the planner's distance from everything; given, the motion is among parts: it may come
    close to everything, and touch what is named.
    cancelled: asked often; the planner raises PlanningCancelled within 0.2 s after it says so.
    """

    seed: int = 0
    speed: float = 1.0
    acceleration: float = 1.0
    tcp_speed: float = float("inf")
    contacts: Contacts | None = None
    cancelled: Callable[[], bool] = never


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Timed joint motion, at rest at both ends; between samples positions are cubic (positions and
    velocities).

    names: (J,). time: (N,) seconds from the start, increasing from 0. positions, velocities, accelerations:
    (N, J).
    """

    names: tuple[str, ...]
    time: FloatArray
    positions: FloatArray
    velocities: FloatArray
    accelerations: FloatArray

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self.time[-1])

    def then(self, following: Trajectory) -> Trajectory:
        """Both trajectories, one after the other; the second begins where the first ends.

        Raises ValueError when it begins elsewhere.
        """
        gap = float(np.abs(following.positions[0] - self.positions[-1]).max())
        if self.names != following.names or gap > 1e-6:
            raise ValueError(
                f"trajectories do not meet: {gap:.3g} rad apart, joints {self.names} and {following.names}"
            )
        return Trajectory(
            self.names,
            np.concatenate([self.time, self.time[-1] + following.time[1:]]),
            np.concatenate([self.positions, following.positions[1:]]),
            np.concatenate([self.velocities, following.velocities[1:]]),
            np.concatenate([self.accelerations, following.accelerations[1:]]),
        )

    def reversed(self) -> Trajectory:
        """The same way back, in the same time."""
        return Trajectory(
            self.names,
            self.time[-1] - self.time[::-1],
            np.ascontiguousarray(self.positions[::-1]),
            np.ascontiguousarray(-self.velocities[::-1]),
            np.ascontiguousarray(self.accelerations[::-1]),
        )


class MotionPlanner(Protocol):
    """Plans motions of one arm in one cell. Not safe for several threads at once.

    An implementation is a class registered in the entry point group lab_motion.planners. It is called with
    the Cell, and raises lab_core.plugins.PluginUnavailable where it cannot be used. Every trajectory that is
    returned has been checked against limits and scene after its timing. Every failure is a PlanningError,
    whose code and sentence say what is in the way. `lab_motion.testing.planner_contract` holds the tests that
    every implementation must pass.

    A class may say more of itself by an attribute, and the contract then holds it to that. `deterministic`:
    the same seed, scene and request give the same plan.
    """

    @property
    def joint_names(self) -> tuple[str, ...]:
        """(J,) the arm's joints, from base to tool."""

    def update_scene(self, scene: PlanningScene) -> None:
        """What is true from now on."""

    def forward(self, positions: FloatArray) -> FloatArray:
        """base_from_tcp (..., 4, 4) at joint positions (..., J)."""

    def inverse(self, base_from_tcp: FloatArray, near: FloatArray, options: MotionOptions) -> FloatArray:
        """Joint positions (K, J), K >= 1, within limits and free of collision, nearest to `near` first.

        Raises OutOfReach, GoalInCollision, PlanningCancelled.
        """

    def plan_joint(self, start: FloatArray, goal: FloatArray, options: MotionOptions) -> Trajectory:
        """Free motion between joint positions (J,).

        Raises InvalidGoal, LimitsExceeded, StartInCollision, GoalInCollision, NoPath, PlanningCancelled.
        """

    def plan_pose(
        self, start: FloatArray, goals: Sequence[FloatArray], options: MotionOptions
    ) -> tuple[int, Trajectory]:
        """Free motion to the first of several poses (4, 4) that can be reached: its index, and the
        trajectory.

        Raises what inverse and plan_joint raise, of the goal that came closest to being reached.
        """

    def plan_straight(self, start: FloatArray, goal: FloatArray, options: MotionOptions) -> Trajectory:
        """The tool centre point along a straight line, turning evenly, to a pose (4, 4).

        It deviates by at most 1 mm and 0.5 degrees.

        Raises InvalidGoal, LimitsExceeded, StartInCollision, PathNotStraight, PlanningCancelled.
        """

    def close(self) -> None:
        """Let go of everything; the planner is not used afterwards."""


PLANNERS: Port[MotionPlanner] = Port(
    "lab_motion.planners",
    "motion planner",
    MotionPlanner,
    preference=("moveit", "embedded"),
    from_setup=("toppra",),
)
