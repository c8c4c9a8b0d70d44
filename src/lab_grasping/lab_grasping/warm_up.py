"""Compile and touch everything once, so that the first real plan costs what all others cost."""

from __future__ import annotations

import contextlib

from lab_grasping.errors import GraspingError
from lab_grasping.port import GraspPlanner
from lab_grasping.testing.synthetic import Solid, at, observe


def warm_up(planner: GraspPlanner) -> None:
    """Plan once on a block that nobody will ever see."""
    scene = observe([Solid("box", (0.03, 0.04, 0.04), at(0.5, 0.0, 0.02, 0.3))])
    with contextlib.suppress(GraspingError):
        planner.plan(scene)
