"""Planners by name, through entry points: another package adds one without touching this one."""

from __future__ import annotations

from importlib.metadata import entry_points

from lab_core.errors import ConfigurationError
from lab_grasping.gripper import ParallelGripper
from lab_grasping.port import GraspPlanner, PlannerSettings
from lab_grasping.suction_gripper import SuctionGripper

GROUPS = {ParallelGripper: "lab_grasping.planners", SuctionGripper: "lab_grasping.suction_planners"}
"""Of entry points, by the type of gripper that their planners are called with."""
WORDS = {ParallelGripper: "a parallel gripper", SuctionGripper: "a suction cup"}


def planner_names(kind: type[ParallelGripper] | type[SuctionGripper] = ParallelGripper) -> list[str]:
    """Names of all planners for a type of gripper that are installed."""
    return sorted({point.name for point in entry_points(group=GROUPS[kind])})


def load_planner(
    name: str, gripper: ParallelGripper | SuctionGripper, settings: PlannerSettings
) -> GraspPlanner:
    """The planner of a name for this type of gripper.

    Raises ConfigurationError when none has this name or it cannot be imported.
    """
    kind = type(gripper)
    found = list(entry_points(group=GROUPS[kind], name=name))
    if not found:
        raise ConfigurationError(
            f"no grasp planner for {WORDS[kind]} is called '{name}',"
            f" installed are: {', '.join(planner_names(kind)) or 'none'}"
        )
    try:
        factory = found[0].load()
    except ImportError as error:
        raise ConfigurationError(f"the grasp planner '{name}' cannot be imported: {error}") from error
    planner: GraspPlanner = factory(gripper, settings)
    return planner
