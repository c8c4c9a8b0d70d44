"""Compile and touch everything once, so that the first real plan costs what all others cost."""

from __future__ import annotations

import contextlib

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.errors import MotionError
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner
from lab_motion.skills.reach import shifted


def warm_up(planner: MotionPlanner, home: FloatArray) -> None:
    """Plan a small free motion and a straight one from joint positions (J,)."""
    pose = planner.forward(home)
    options = MotionOptions()
    with contextlib.suppress(MotionError):
        planner.plan_pose(home, [shifted(pose, np.array([0.0, 0.05, 0.05]))], options)
    with contextlib.suppress(MotionError):
        down = shifted(pose, np.array([0.0, 0.0, -0.03]))
        planner.plan_straight(home, down, MotionOptions(contacts=Contacts(), tcp_speed=0.5))
