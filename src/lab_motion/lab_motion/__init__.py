"""Arm motion: planned clear of everything known, carried out, and checked by measurement.

The ports are MotionPlanner and GripSensor; what implements them is tested by
lab_motion.testing.planner_contract and grip_contract.
"""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_motion.motion import Motion
    from lab_motion.motion_parameters import MotionParameters
    from lab_motion.planning.port import MotionPlanner, PlanningScene, Trajectory
    from lab_motion.skills.grip.port import GripSensor, Judgement

__all__ = [
    "GripSensor",
    "Judgement",
    "Motion",
    "MotionParameters",
    "MotionPlanner",
    "PlanningScene",
    "Trajectory",
]

__getattr__ = opened(
    __name__,
    {
        "GripSensor": "skills.grip.port",
        "Judgement": "skills.grip.port",
        "Motion": "motion",
        "MotionParameters": "motion_parameters",
        "MotionPlanner": "planning.port",
        "PlanningScene": "planning.port",
        "Trajectory": "planning.port",
    },
)
