"""The genuine MoveIt, started again and again in one process, which then ends as every process should."""

import importlib.util
import os
import subprocess
import sys

import pytest

from lab_description import config_directory

pytestmark = pytest.mark.skipif(importlib.util.find_spec("moveit") is None, reason="MoveIt is not installed")

CELLS = sorted(path.stem for path in (config_directory() / "cells").glob("*.yaml"))
STARTS = """
import sys
from lab_description import load_cell
from lab_motion.planning.port import PLANNERS, MotionOptions, PlanningScene

for name in sys.argv[1:]:
    cell = load_cell(name)
    planner = PLANNERS.make("moveit", cell).plugin
    planner.update_scene(PlanningScene(opening=cell.gripper.maximum_opening))
    home = cell.robot.configuration("home")
    planner.plan_joint(home, home + 0.1, MotionOptions())
    planner.close()
    print("planned", name)
"""


def started(cells):
    """What a process says that starts MoveIt for these cells, one after another."""
    done = subprocess.run(
        [sys.executable, "-c", STARTS, *cells],
        env=os.environ | {"ROS_DOMAIN_ID": "47"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [word for name in cells for word in ("planned", name)]
    return done.stderr


@pytest.mark.parametrize("cell", CELLS)
def test_a_start_and_a_plan_are_silent(cell):
    assert started([cell]) == ""


def test_a_process_with_ten_starts_ends_without_a_crash():
    assert started(["ur5e_table"] * 10) == ""


def test_a_process_with_several_cells_ends_without_a_crash():
    started(["ur5e_table", "fr3_table"] * 2)
