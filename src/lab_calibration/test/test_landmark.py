"""A board that stands in the cell tells whether the camera does."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from lab_calibration.board.board import Board
from lab_calibration.board.detection import find_corners
from lab_calibration.errors import BoardNotFound
from lab_calibration.landmark import (
    LANDMARK_FILE,
    LOOKS,
    LandmarkWatch,
    middle_of,
    moved,
    read_landmark,
    remember,
    write_landmark,
)
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.errors import ConfigurationError
from lab_core.geometry import invert, make_transform, matrix_from_rpy
from lab_description import load_cell
from lab_simulation.look.cell_view import calibration_error

CELL = load_cell("ur5e_table")
BOARD = Board(7, 3, 0.025, 0.019)
DAY = date(2026, 3, 1)
# beside the work area, face up, along the edge of the table
BASE_FROM_BOARD = make_transform(matrix_from_rpy((np.pi, 0.0, np.pi / 2)), (0.755, 0.0, 0.0))
FREE = Flaws(glare=0.0, hidden=0.0)


def images(rng, move=None, count=LOOKS, flaws=FREE):
    """Pictures of the landmark. move: (4, 4) camera as it was from the camera as it stands."""
    base_from_camera = CELL.camera.base_from_camera @ (np.eye(4) if move is None else move)
    pose = invert(base_from_camera) @ BASE_FROM_BOARD
    return [picture(BOARD, pose, CELL.camera.pinhole, rng, flaws) for _ in range(count)]


def remembered(rng):
    return remember(BOARD, [find_corners(image, BOARD) for image in images(rng)], DAY)


def test_a_camera_that_stands_is_not_called_moved():
    rng = np.random.default_rng(1)
    landmark = remembered(rng)
    for _ in range(6):
        now = middle_of([find_corners(image, BOARD) for image in images(rng)])
        assert not moved(landmark, now, CELL).is_moved


def test_a_camera_that_was_knocked_by_3_mm_is():
    rng = np.random.default_rng(2)
    landmark = remembered(rng)
    for seed in range(6):
        knock = calibration_error(CELL, seed, 0.003)
        now = middle_of([find_corners(image, BOARD) for image in images(rng, knock)])
        move = moved(landmark, now, CELL)
        assert move.is_moved
        assert 0.0015 < move.distance < 0.006
        assert move.lower <= 0.003 <= move.upper


def test_a_landmark_is_read_as_it_was_written(tmp_path):
    landmark = remembered(np.random.default_rng(3))
    write_landmark(landmark, tmp_path)
    read = read_landmark(tmp_path)
    assert (read.day, read.board, read.pictures) == (landmark.day, landmark.board, landmark.pictures)
    np.testing.assert_allclose(read.seen.pixels, landmark.seen.pixels, atol=1e-4)
    assert read.pattern == BOARD
    assert read_landmark(tmp_path / "empty") is None


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("{id: 0,", "{id: 99,", "no corner 99"),
        ("{id: 0,", "{id: 1,", "different ids"),
        ("day: 2026-03-01", "day: 2026-13-45", "day"),
        ("marker: 0.019", "marker: 0.03", "expected 0.4 to 0.9 of them"),
        ("square: 0.025", "square: 25", "if that is in millimetres, write 0.025"),
    ],
)
def test_a_file_that_is_no_landmark_is_refused(tmp_path, line, other, words):
    write_landmark(remembered(np.random.default_rng(4)), tmp_path)
    file = tmp_path / LANDMARK_FILE
    file.write_text(file.read_text().replace(line, other))
    with pytest.raises(ConfigurationError, match=words):
        read_landmark(tmp_path)


def test_a_hand_over_the_landmark_for_a_moment_does_not_count():
    rng = np.random.default_rng(5)
    watch = LandmarkWatch(remembered(rng), CELL)
    frames = images(rng)
    for image in frames:
        watch.look(image)
    assert watch.is_seen and not watch.move.is_moved
    dark = np.zeros_like(frames[0])
    for _ in range(LOOKS):
        watch.look(dark)
    assert watch.is_seen and not watch.move.is_moved


def test_a_landmark_that_is_gone_is_said():
    rng = np.random.default_rng(6)
    watch = LandmarkWatch(remembered(rng), CELL)
    assert watch.is_seen and watch.move is None  # nobody has looked yet
    dark = np.zeros((CELL.camera.pinhole.height, CELL.camera.pinhole.width), np.uint8)
    watch.look(dark)
    assert not watch.is_seen
    for image in images(rng):
        watch.look(image)
    assert watch.is_seen
    for _ in range(3 * LOOKS):
        watch.look(dark)
    assert not watch.is_seen and watch.move is None


def test_a_camera_that_was_put_back_stands_again():
    rng = np.random.default_rng(7)
    watch = LandmarkWatch(remembered(rng), CELL)
    for image in images(rng, calibration_error(CELL, 7, 0.006)):
        watch.look(image)
    assert watch.move.is_moved
    for image in images(rng):
        watch.look(image)
    assert not watch.move.is_moved


def test_what_passes_over_the_landmark_does_not_move_its_corners():
    looks = [find_corners(image, BOARD) for image in images(np.random.default_rng(8))]
    whole = middle_of(looks)
    spoiled = [
        replace(looks[0], pixels=looks[0].pixels + 9.0),
        replace(looks[1], pixels=looks[1].pixels - 4.0),
    ]
    cut = replace(looks[2], ids=looks[2].ids[2:], pixels=looks[2].pixels[2:])
    middle = middle_of([*spoiled, cut, *looks[3:]])
    assert middle.ids.tolist() == whole.ids.tolist()
    np.testing.assert_allclose(middle.pixels, whole.pixels, atol=0.3)


def test_too_few_corners_are_refused():
    looks = [find_corners(image, BOARD) for image in images(np.random.default_rng(8), count=2)]
    half = len(looks[0].ids) // 2
    first, second = (
        replace(look, ids=look.ids[part], pixels=look.pixels[part])
        for look, part in zip(looks, (slice(half), slice(half, None)), strict=True)
    )
    with pytest.raises(BoardNotFound, match="0 corners"):
        middle_of([first, second])
