"""Grasp planning on observed points, for parallel grippers and suction cups."""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_grasping.grasp_parameters import GraspParameters
    from lab_grasping.planning import GraspPlanning
    from lab_grasping.port import GraspPlan, GraspPlanner, PlannerSettings

__all__ = [
    "GraspParameters",
    "GraspPlan",
    "GraspPlanner",
    "GraspPlanning",
    "PlannerSettings",
]

__getattr__ = opened(
    __name__,
    {
        "GraspParameters": "grasp_parameters",
        "GraspPlan": "port",
        "GraspPlanner": "port",
        "GraspPlanning": "planning",
        "PlannerSettings": "port",
    },
)
