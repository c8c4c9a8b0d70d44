"""A simulated cell calibrates its camera by itself: the arm shows the board, and the true pose is known."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from cell_run import ROOT, running_cell
from lab_calibration.board.board import Board
from lab_calibration.rigid import difference
from lab_calibration.with_board import write_cell_with_board
from lab_description import load_cell
from lab_simulation.look.cell_view import calibration_error

SEED = 3


@pytest.mark.slow
def test_a_cell_finds_where_its_camera_stands(tmp_path):
    (tmp_path / "mine" / "cells").mkdir(parents=True)
    file = shutil.copy(ROOT / "config/cells/ur5e_table.yaml", tmp_path / "mine/cells/mine.yaml")
    before = load_cell(file)
    held, scene = write_cell_with_board(before, Board(), tmp_path / "held")
    domain = os.environ.get("ROS_DOMAIN_ID")
    os.environ["ROS_DOMAIN_ID"] = "75"
    arguments = {"cell": str(held), "scene": str(scene), "seed": str(SEED), "speed": "3", "record": "none"}
    try:
        with running_cell(ROOT / "launch" / "cell.launch.py", arguments, tmp_path / "log", cell=str(held)):
            command = [
                sys.executable,
                "-m",
                "lab_calibration",
                "hand_eye",
                str(file),
                "--write",
                "--count",
                "8",
            ]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    finally:
        if domain is not None:
            os.environ["ROS_DOMAIN_ID"] = domain
    assert done.returncode == 0, done.stdout + done.stderr
    true = before.camera.base_from_camera @ calibration_error(before, SEED)
    after = load_cell(file).camera
    was, now = (difference(true, camera.base_from_camera) for camera in (before.camera, after))
    assert np.linalg.norm(now[:3]) < 0.0005 < 0.001 < np.linalg.norm(was[:3])
    assert np.degrees(np.linalg.norm(now[3:])) < 0.1 < np.degrees(np.linalg.norm(was[3:]))
    assert after.calibration.error.position < 0.002
    assert len(list((tmp_path / "mine/cells/mine.calibration").glob("pose_*.jpg"))) == 8
