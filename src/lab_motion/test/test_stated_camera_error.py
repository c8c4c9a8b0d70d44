"""What the skills do with the error that a cell states for its camera."""

from dataclasses import replace

import numpy as np
import pytest

from lab_core.geometry import OrientedBox
from lab_core.scene import Part
from lab_description import Cell, load_cell
from lab_description.camera import Calibration, ExpectedError
from lab_motion.motion_parameters import MotionParameters, motion_settings
from lab_motion.planning.port import PlanningScene
from lab_motion.skills.grip.fingers import FingerGrip
from lab_motion.skills.manipulator import Manipulator

CELL = load_cell("ur5e_table")
MISS = 0.006
PART = Part("part_1", OrientedBox(np.eye(4), np.array([0.03, 0.04, 0.05])))


def stating(miss: float) -> Cell:
    calibration = Calibration(ExpectedError(miss, 0.01), 12, "board", "there")
    return replace(CELL, camera=replace(CELL.camera, calibration=calibration))


class Standing:
    """An arm that stands, with its tool at the origin: all that is asked of arm and planner here."""

    def positions(self):
        return np.zeros(6)

    def forward(self, positions):
        return np.eye(4)


def robot(miss: float) -> Manipulator:
    cell, standing = stating(miss), Standing()
    settings = motion_settings(MotionParameters(), cell)
    return Manipulator(cell, standing, standing, None, settings, FingerGrip(cell.gripper))


def test_ways_and_heights_grow_by_the_error():
    plain, wary = (motion_settings(MotionParameters(), stating(miss)) for miss in (0.0, MISS))
    assert plain == motion_settings(MotionParameters(), CELL)
    for name in ("approach_distance", "put_height", "drop_height", "feel_distance"):
        assert getattr(wary, name) == pytest.approx(getattr(plain, name) + MISS)
    assert motion_settings(MotionParameters(feel_distance=0.0), stating(MISS)).feel_distance == 0.0


def test_what_was_seen_is_kept_clear_of_by_the_error_and_held_as_large_as_it_was_seen():
    seen = robot(MISS).grown([PART])
    np.testing.assert_allclose(seen[0].box.size, PART.box.size + 2.0 * MISS)
    held = robot(MISS).attached(PlanningScene(seen), "part_1").held
    np.testing.assert_allclose(held.box.size, PART.box.size)
    assert robot(0.0).grown([PART]) == (PART,)


def test_the_grip_may_be_as_much_wider_than_planned():
    assert robot(MISS).expected("part_1", 0.03, 0.06).miss == MISS
