"""A cell whose camera was knocked says so at its next start, by a board that lies on its table."""

import subprocess
import sys

import pytest
from lab_interfaces.msg import Outcome

from cell_client import clearing
from cell_run import ROOT, running_cell
from lab_calibration.board.board import Board
from lab_calibration.with_board import write_scene_with_board
from lab_description import load_cell

BOARD = Board(7, 3, 0.025, 0.019)
OPTIONS = ["--squares", "7x3", "--square", "0.025", "--marker", "0.019"]


def calibrate(*words):
    """Exit code and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "lab_calibration", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_camera_that_was_knocked_is_refused_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "77")
    file = tmp_path / "cells" / "mine.yaml"
    file.parent.mkdir()
    text = (ROOT / "config/cells/ur5e_table.yaml").read_text(encoding="utf-8")
    camera = "camera: {model: d435, "
    assert camera in text
    file.write_text(text.replace(camera, f"{camera}calibrated: 2026-03-01, unverified: refuse, "))
    scene = write_scene_with_board(load_cell(file), BOARD, (0.755, 0.0), 1.5708, tmp_path)
    arguments = {"cell": str(file), "scene": str(scene), "parts": "1", "speed": "3", "record": "none"}

    def cell(seed):
        return running_cell(
            ROOT / "launch" / "cell.launch.py",
            {**arguments, "seed": str(seed)},
            tmp_path / f"log{seed}",
            cell=str(file),
        )

    with cell(3):
        code, said = calibrate("check", str(file), "--landmark")
        assert (code, "remember one first" in said) == (1, True), said
        code, said = calibrate("landmark", str(file), *OPTIONS)
        assert code == 0, said
        code, said = calibrate("check", str(file), "--landmark")
        assert (code, "the camera stands" in said) == (0, True), said
    with cell(4) as (_, client):  # the seed says where the camera really stands
        result = client.ask("/run_order", clearing())
        assert result.outcome.code == Outcome.CAMERA_MOVED, result.outcome.message
        assert "by the landmark of" in result.outcome.message
        code, said = calibrate("check", str(file), "--landmark")
        assert (code, "the camera moved" in said) == (3, True), said
