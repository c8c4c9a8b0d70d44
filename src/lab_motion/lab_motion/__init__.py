"""Arm motion: planned clear of everything known, carried out, and checked by measurement.

The port is lab_motion.planning.port.MotionPlanner; whatever implements it is tested by
lab_motion.testing.planner_contract.
"""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_motion.motion import Motion
    from lab_motion.motion_parameters import MotionParameters
    from lab_motion.planning.port import MotionPlanner, PlanningScene, Trajectory

__all__ = [
    "Motion",
    "MotionParameters",
    "MotionPlanner",
    "PlanningScene",
    "Trajectory",
]

__getattr__ = opened(
    __name__,
    {
        "Motion": "motion",
        "MotionParameters": "motion_parameters",
        "MotionPlanner": "planning.port",
        "PlanningScene": "planning.port",
        "Trajectory": "planning.port",
    },
)
