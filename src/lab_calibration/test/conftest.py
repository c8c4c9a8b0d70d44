import numpy as np
import pytest

from lab_calibration.board.board import Board
from lab_calibration.hand_eye.candidates import candidates
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.kinematics import Arm
from lab_calibration.simulated.cell import draw_cell, projected
from lab_description import load_cell


@pytest.fixture(scope="session")
def stands():
    """(cell, its stands, how it sees) of a setup, with or without joint errors; made once each."""
    cell = load_cell("ur5e_table")
    arm = Arm.of(cell)
    made = {}

    def make(setup, joint_errors=False, seed=3):
        key = (setup, joint_errors, seed)
        if key not in made:
            drawn = draw_cell(cell, arm, setup, Board(), joint_errors, seed)
            made[key] = (drawn, candidates(drawn, 40, seed), projected(drawn, np.array([0.1]), 0.03))
        return made[key]

    return make


@pytest.fixture
def random():
    return np.random.default_rng(5)


@pytest.fixture(scope="session", params=list(Setup))
def setup(request):
    return request.param
