"""Planners by name, through entry points: another package adds one without touching this one."""

from __future__ import annotations

from importlib.metadata import entry_points

from lab_node.errors import ConfigurationError

from lab_grasping.gripper import ParallelGripper
from lab_grasping.port import GraspPlanner, PlannerSettings

GROUP = "lab_grasping.planners"


def planner_names() -> list[str]:
    """Names of all planners that are installed."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load_planner(name: str, gripper: ParallelGripper, settings: PlannerSettings) -> GraspPlanner:
    """The planner of a name.

    Raises ConfigurationError when none has this name or it cannot be imported.
    """
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        raise ConfigurationError(
            f"no grasp planner is called '{name}', installed are: {', '.join(planner_names()) or 'none'}"
        )
    try:
        factory = found[0].load()
    except ImportError as error:
        raise ConfigurationError(f"the grasp planner '{name}' cannot be imported: {error}") from error
    planner: GraspPlanner = factory(gripper, settings)
    return planner
