import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab_calibration.__main__ import main
from lab_calibration.board.board import Board
from lab_calibration.board.detection import find_corners
from lab_calibration.board.intrinsics import calibrate_camera
from lab_calibration.hand_eye.files import write_poses
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.rigid import difference, moved
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.geometry import PinholeCamera
from lab_description import load_cell


@pytest.fixture
def mine(tmp_path):
    """Path of a cell of somebody's own."""
    (tmp_path / "cells").mkdir()
    return str(shutil.copy(load_cell("ur5e_table").files["cell"], tmp_path / "cells" / "mine.yaml"))


@pytest.fixture
def fixed(stands):
    return stands(Setup.FIXED)


def test_the_page_is_written(tmp_path, capsys):
    assert main(["board", "--out", str(tmp_path / "page.svg"), "--squares", "4x5", "--square", "0.04"]) == 0
    assert "4x5, squares 40 mm" in capsys.readouterr().out
    assert (tmp_path / "page.svg").stat().st_size > 1000


def test_poses_are_solved_written_and_checked(mine, fixed, random, tmp_path, capsys):
    cell, around, see = fixed
    today = str(tmp_path / "today.yaml")
    write_poses(cell.take(around.joints[:12], see, random), tmp_path / "poses.yaml")
    assert main(["hand_eye", mine, "--poses", str(tmp_path / "poses.yaml"), "--write"]) == 0
    assert "error to expect at the parts, with 95 %" in capsys.readouterr().out
    written = load_cell(mine).camera
    assert np.abs(difference(cell.mount_from_camera, written.base_from_camera))[:3].max() < 0.001
    assert written.calibration.poses == 12
    assert written.calibration.error.position < 0.001

    write_poses(cell.take(around.joints[:3], see, random), tmp_path / "today.yaml")
    assert main(["check", mine, "--poses", today]) == 0
    assert "the camera stands" in capsys.readouterr().out
    kicked = replace(cell, mount_from_camera=moved(cell.mount_from_camera, np.array([0.004, 0, 0, 0, 0, 0])))
    write_poses(kicked.take(around.joints[:3], see, random), tmp_path / "today.yaml")
    assert main(["check", mine, "--poses", today, "--plot", str(tmp_path / "drift.png")]) == 3
    assert "the camera moved" in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / "drift.png")) is not None
    assert len((tmp_path / "cells/mine.calibration/checks.csv").read_text().splitlines()) == 3


def test_a_poor_result_is_said_and_not_written(mine, fixed, random, tmp_path, capsys):
    cell, around, see = fixed
    poses = cell.take(around.joints[:8], see, random)
    shaken = moved(poses.camera_from_board, random.normal(0.0, 0.01, (8, 6)))
    write_poses(
        type(poses)(poses.setup, poses.base_from_flange, shaken, poses.names), tmp_path / "poses.yaml"
    )
    before = Path(mine).read_text(encoding="utf-8")
    assert main(["hand_eye", mine, "--poses", str(tmp_path / "poses.yaml"), "--write"]) == 1
    assert "nothing is written; take more poses" in capsys.readouterr().err
    assert Path(mine).read_text(encoding="utf-8") == before


def test_the_cell_s_own_intrinsics_are_judged(mine, fixed, random, tmp_path, capsys):
    cell, around, _ = fixed
    for number, pose in enumerate(around.camera_from_board[:14]):
        image = picture(cell.board, pose, cell.camera, random, Flaws(glare=0.0, hidden=0.0))
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), image)
    cv2.imwrite(str(tmp_path / "99.png"), np.full((480, 640), 90, np.uint8))
    assert main(["camera", mine, "--images", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "99.png: left out: no marker" in said
    assert "they are good enough" in said


def test_wrong_intrinsics_are_told(fixed, random):
    cell, around, _ = fixed
    board = Board()
    wide = PinholeCamera(640, 480, 600.0, 600.0, 330.0, 235.0)
    clean = Flaws(glare=0.0, hidden=0.0)
    sights = [
        find_corners(picture(board, pose, wide, random, clean), board)
        for pose in around.camera_from_board[:14]
    ]
    found = calibrate_camera(sights, board, (640, 480), (cell.camera, None))
    assert not found.driver_is_good
    assert abs(found.camera.fx - 600.0) < 3.0
    assert found.error < 0.1 < found.drivers_error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hand_eye", "ur5e_table", "--poses", "absent.yaml"], "absent.yaml: cannot be read"),
        (["camera", "ur5e_table", "--images", "absent"], "absent: holds no pictures"),
        (["board", "--square", "38"], "not millimetres"),
        (["check", "ur5e_table", "--poses", "absent.yaml"], "absent.yaml"),
        (["look"], "there is no command `look`"),
    ],
)
def test_wrong_usage_is_one_sentence(words, said, capsys):
    assert main(words) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
