"""Port `GraspPlanner`: what a planner is told, what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lab_core.grasp import Grasp
from lab_core.scene import Scene


@dataclass(frozen=True, slots=True)
class PlannerSettings:
    """What every planner is told.

    seed: decides everything random. max_grasps: kept at most. tip_margin: height of the finger tips above the
    support, metres. clearance: sideways distance of the hand from everything but the part, metres.
    approach_distance: straight way along the approach that is checked, metres.
    """

    seed: int = 0
    max_grasps: int = 20
    tip_margin: float = 0.003
    clearance: float = 0.003
    approach_distance: float = 0.10


@dataclass(frozen=True, slots=True)
class GraspPlan:
    """Grasps, best first, at least one, and the number of candidates that they were chosen from."""

    grasps: tuple[Grasp, ...]
    candidates: int


def never() -> bool:
    """For callers that do not cancel."""
    return False


class GraspPlanner(Protocol):
    """Extension point: observed scene to ranked grasps. Found by entry points of the group
    lab_grasping.planners, which are called with a ParallelGripper and PlannerSettings, or
    lab_grasping.suction_planners, which are called with a SuctionGripper and PlannerSettings.

    `lab_grasping.testing.planner_contract` holds the tests that every implementation must pass.
    """

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """Grasps on one part, or the best of all parts; the same for the same scene and seed.

        Raises UnknownObject, NothingToGrasp, TooFewPoints, ObjectTooWide, NoGraspFound, PlanningCancelled.
        """
