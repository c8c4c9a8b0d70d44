import io
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab_calibration.__main__ import main
from lab_calibration.board.board import Board
from lab_calibration.board.detection import find_corners
from lab_calibration.board.intrinsics import calibrate_camera
from lab_calibration.commands.hand_eye import pressed
from lab_calibration.hand_eye.files import write_poses
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.rigid import difference, moved
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.geometry import PinholeCamera, make_transform, matrix_from_rpy
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


class LiveCamera:
    """In place of that of a running cell: shows each picture twice, then is interrupted."""

    def __init__(self, pictures):
        self.pictures = (picture for picture in pictures for _ in range(2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def next_picture(self):
        picture = next(self.pictures, None)
        if picture is None:
            raise KeyboardInterrupt
        return picture


IN_CORNERS = [([x, y, 0.6], [0.0, 0.0, 90.0]) for x in (-0.2, 0.2) for y in (-0.14, 0.14)]
TILTED = [
    ([0.0, 0.0, 0.55], [roll, pitch, 90.0])
    for roll, pitch in ((30, 0), (-30, 0), (0, 30), (0, -30), (25, 25))
]
AWAY = [([0.0, 0.0, 0.95], [0.0, 0.0, 90.0])]


@pytest.fixture
def live(fixed, random, monkeypatch):
    """Puts a camera that sees the board as it is held, places and degrees, in that of a running cell."""

    def show(held):
        cell, _, _ = fixed
        clean = Flaws(glare=0.0, hidden=0.0)
        views = (
            picture(
                cell.board, make_transform(matrix_from_rpy(np.radians(turn)), at), cell.camera, random, clean
            )
            for at, turn in held
        )
        coloured = (np.repeat(view[..., None], 3, axis=2) for view in views)
        monkeypatch.setattr("lab_calibration.ros_rig.RosCamera", lambda namespace: LiveCamera(coloured))

    return show


def test_pictures_are_taken_live_kept_and_read_again(mine, live, tmp_path, capsys):
    live(IN_CORNERS[:1] + IN_CORNERS + TILTED + AWAY)
    kept = str(tmp_path / "kept")
    before = Path(mine).read_bytes()
    assert main(["camera", mine, "--count", "10", "--keep", kept]) == 0
    said = capsys.readouterr().out
    assert "picture 10 of 10: " in said
    assert "they are good enough" in said
    assert len(list((tmp_path / "kept").iterdir())) == 10
    assert main(["camera", mine, "--images", kept]) == 0
    assert said.splitlines()[-3:] == capsys.readouterr().out.splitlines()
    assert main(["camera", mine, "--keep", kept]) == 1
    assert "is not empty: name a new folder" in capsys.readouterr().err
    assert Path(mine).read_bytes() == before


def test_what_was_taken_before_an_interruption_is_kept(mine, live, tmp_path, capsys):
    live(IN_CORNERS[:3])
    assert main(["camera", mine, "--keep", str(tmp_path / "kept")]) == 130
    said = capsys.readouterr()
    taken = len(list((tmp_path / "kept").iterdir()))
    assert taken == 2  # the first picture only tells the size
    assert f"{taken} pictures lie in" in said.out
    assert "interrupted, the cell's files are as they were" in said.err


def test_a_line_of_a_person_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\nd\n\xff\n")))
    assert [pressed() for _ in range(4)] == ["\n", "d\n", "\ufffd\n", None]
    monkeypatch.setattr(sys, "stdin", None)
    assert pressed() is None


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["camera", "ur5e_table", "--count", "9"], "--count 9: expected 10 to 60"),
        (["camera", "ur5e_table", "--images", "there", "--keep", "here"], "leave them or --images out"),
        (["hand_eye", "ur5e_table", "--poses", "there", "--by-hand"], "leave one out"),
        (["hand_eye", "ur5e_table", "--by-hand", "--count", "5"], "--count 5: expected 6 to 60"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert said in capsys.readouterr().err
