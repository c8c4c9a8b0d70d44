"""Port `GraspPlanner`: what a planner is told, what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from lab_core.grasp import Grasp
from lab_core.plugins import Port
from lab_core.scene import Scene
from lab_grasping.gripper import ParallelGripper
from lab_grasping.suction_gripper import SuctionGripper


@dataclass(frozen=True, slots=True)
class PlannerSettings:
    """What every planner is told.

    seed: decides everything random. max_grasps: kept at most. tip_margin: height of the finger tips above the
    support, metres. clearance: sideways distance of the hand from everything but the part, metres.
    approach_distance: straight way along the approach that is checked, metres. miss: how far the hand may
    miss what the camera sees, metres, with 95 %; the three lengths before hold it already. table_height: as
    the cell knows it, metres in the base frame; None: not known.
    """

    seed: int = 0
    max_grasps: int = 20
    tip_margin: float = 0.003
    clearance: float = 0.003
    approach_distance: float = 0.10
    miss: float = 0.0
    table_height: float | None = None


@dataclass(frozen=True, slots=True)
class GraspPlan:
    """Grasps, best first, at least one, and the number of candidates that they were chosen from."""

    grasps: tuple[Grasp, ...]
    candidates: int


def never() -> bool:
    """For callers that do not cancel."""
    return False


class GraspPlanner(Protocol):
    """Extension point: observed scene to ranked grasps.

    An implementation is a class registered in the entry point group lab_grasping.planners. It is called with
    the gripper and PlannerSettings. Its attribute `gripper` is the type of gripper that it plans for;
    ParallelGripper where it says none. `lab_grasping.testing.planner_contract` holds the tests that every
    implementation must pass.

    A class may say more of itself by attributes, and the contract then holds it to that. `deterministic`: the
    same scene and seed give the same plan. `accurate_on_blocks`: it finds grasps on blocks, cylinders and
    spheres without texture, which one that has learned from photographs may not.
    """

    def plan(
        self, scene: Scene, object_id: str | None = None, *, cancelled: Callable[[], bool] = never
    ) -> GraspPlan:
        """Grasps on one part, or the best of all parts.

        Raises UnknownObject, NothingToGrasp, TooFewPoints, ObjectTooWide, NoGraspFound, PlanningCancelled.
        """


_WORDS: dict[type, str] = {ParallelGripper: "a parallel gripper", SuctionGripper: "a suction cup"}


def _suits(factory: Any, gripper: Any, *others: Any) -> str:
    """Why a planner is not for a gripper; empty when it is."""
    wanted = getattr(factory, "gripper", ParallelGripper)
    if isinstance(gripper, wanted):
        return ""
    hand = _WORDS.get(type(gripper), type(gripper).__name__)
    return f"is for {_WORDS.get(wanted, wanted.__name__)}, and the hand is {hand}"


GRASP_PLANNERS: Port[GraspPlanner] = Port(
    "lab_grasping.planners", "grasp planner", GraspPlanner, preference=("antipodal", "suction"), suits=_suits
)
