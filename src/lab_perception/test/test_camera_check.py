"""A camera that nobody can vouch for is said, or refused where the cell's file says so."""

import shutil
from datetime import date
from functools import cache

import numpy as np
import pytest

from lab_calibration.board.board import Board
from lab_calibration.board.detection import find_corners
from lab_calibration.landmark import LOOKS, remember, write_landmark
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.errors import ConfigurationError
from lab_core.geometry import invert, make_transform, matrix_from_rpy
from lab_core.outcomes import OutcomeCode
from lab_description import load_cell
from lab_perception.camera_check import CameraCheck
from lab_perception.errors import CameraMoved

BOARD = Board(7, 3, 0.025, 0.019)
DAY = date(2026, 3, 1)
BASE_FROM_BOARD = make_transform(matrix_from_rpy((np.pi, 0.0, np.pi / 2)), (0.755, 0.0, 0.0))


@cache
def pictures(shift):
    """Colour images of the landmark. shift: of the camera along its x axis, metres."""
    rng, camera = np.random.default_rng(1), load_cell("ur5e_table").camera
    pose = invert(camera.base_from_camera @ make_transform(np.eye(3), [shift, 0.0, 0.0])) @ BASE_FROM_BOARD
    free = Flaws(glare=0.0, hidden=0.0)
    grey = [picture(BOARD, pose, camera.pinhole, rng, free) for _ in range(LOOKS)]
    return [np.repeat(image[..., None], 3, axis=2) for image in grey]


@pytest.fixture
def cell_of(tmp_path):
    """Makes a cell of somebody's own; keys: added to its camera."""

    def make(keys="", landmark=True):
        folder = tmp_path / "cells"
        folder.mkdir(exist_ok=True)
        file = folder / "mine.yaml"
        text = load_cell("ur5e_table").files["cell"].read_text(encoding="utf-8")
        file.write_text(text.replace("camera: {model: d435, ", f"camera: {{model: d435, {keys}"))
        cell = load_cell(file)
        shutil.rmtree(cell.calibration_folder, ignore_errors=True)
        if landmark:
            cell.calibration_folder.mkdir()
            write_landmark(
                remember(BOARD, [find_corners(image, BOARD) for image in pictures(0.0)], DAY),
                cell.calibration_folder,
            )
        return cell

    return make


REFUSE = "calibrated: 2026-03-01, unverified: refuse, "


def test_a_cell_without_a_landmark_is_not_looked_at(cell_of):
    check = CameraCheck(cell_of(landmark=False), DAY)
    check.look(np.zeros((480, 640, 3), np.uint8))
    assert check.trouble == ""


def test_a_camera_that_stands_is_trusted_and_listed_once(cell_of):
    cell = cell_of(REFUSE)
    check = CameraCheck(cell, DAY)
    images = pictures(0.0)
    for image in images[:-1]:  # nobody knows yet
        with pytest.raises(CameraMoved, match="is being looked at"):
            check.look(image)
    for _ in range(40):
        check.look(images[-1])
    assert check.trouble == ""
    lines = (cell.calibration_folder / "checks.csv").read_text().splitlines()
    assert len(lines) == 2 and lines[1].startswith("2026-03-01,0.0") and lines[1].endswith("no")


def test_a_camera_that_moved_is_said(cell_of):
    cell = cell_of("calibrated: 2026-03-01, ")
    check = CameraCheck(cell, DAY)
    for image in pictures(0.004):
        check.look(image)
    assert "the camera moved: " in check.trouble
    assert "by the landmark of 2026-03-01: put it back, or calibrate it again" in check.trouble
    assert (cell.calibration_folder / "checks.csv").read_text().splitlines()[1].endswith("yes")


def test_a_camera_that_moved_is_refused_until_it_is_put_back(cell_of):
    cell = cell_of(REFUSE)
    check = CameraCheck(cell, DAY)
    for image in pictures(0.004):
        with pytest.raises(CameraMoved) as caught:
            check.look(image)
    assert caught.value.code == OutcomeCode.CAMERA_MOVED
    assert "the camera moved" in str(caught.value)
    last = None
    for _ in range(16):  # one image of 16 is looked at
        for image in pictures(0.0):
            try:
                check.look(image)
                last = None
            except CameraMoved as error:
                last = error
    assert last is None


@pytest.mark.parametrize("simulated", [False, True])
def test_a_landmark_that_is_not_seen_is_trouble_on_a_real_cell(cell_of, simulated):
    cell = cell_of(REFUSE)
    check = CameraCheck(cell, DAY, simulated)
    nothing = np.zeros((480, 640, 3), np.uint8)
    if simulated:
        check.look(nothing)
        assert check.trouble == ""
    else:
        with pytest.raises(CameraMoved, match="is not seen: keep it free, or forget it"):
            check.look(nothing)
    assert not (cell.calibration_folder / "checks.csv").exists()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("unverified: refuse, ", "camera.calibrated is not set"),
        ("calibrated: 2025-03-01, unverified: refuse, ", "365 days ago"),
        (
            "calibrated: 2026-03-01, unverified: refuse, calibration: {error: {position: 0.02, angle: 0.01},"
            " poses: 12, board: x, evidence: mine.calibration}, ",
            r"states an error of 20\.0 mm",
        ),
    ],
)
def test_a_cell_may_refuse_a_camera_before_there_is_an_image(cell_of, keys, words):
    cell = cell_of(keys, landmark=False)
    with pytest.raises(ConfigurationError, match=words):
        CameraCheck(cell, DAY)
    CameraCheck(cell, DAY, simulated=True)  # a simulated camera needs no calibration


def test_after_a_bad_check_the_landmark_tells_whether_the_camera_was_put_back(cell_of):
    cell = cell_of(REFUSE)
    bad = "day,distance,lower,upper,moved\n2026-02-28,0.004,0.003,0.005,yes\n"
    (cell.calibration_folder / "checks.csv").write_text(bad)
    CameraCheck(cell, DAY)
    other = cell_of(REFUSE, landmark=False)
    other.calibration_folder.mkdir()
    (other.calibration_folder / "checks.csv").write_text(bad)
    with pytest.raises(ConfigurationError, match=r"had moved by 4\.0 mm"):
        CameraCheck(other, DAY)
