import itertools

import numpy as np
import pytest

from lab_calibration.board.board import Board
from lab_calibration.board.selection import Selection
from lab_calibration.errors import BoardNotFound
from lab_calibration.procedure import take_pictures
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.errors import UnavailableError
from lab_core.geometry import PinholeCamera, make_transform, matrix_from_rpy

CAMERA = PinholeCamera(640, 480, 616.8, 616.8, 319.5, 239.5)
BOARD = Board()
CLEAN = Flaws(glare=0.0, hidden=0.0)
EMPTY = np.full((480, 640), 90, np.uint8)


def held(x=0.0, y=0.0, z=0.6, roll=0.0, pitch=0.0):
    """camera_from_board, metres and degrees."""
    return make_transform(matrix_from_rpy(np.radians([roll, pitch, 90.0])), [x, y, z])


@pytest.fixture
def seen(random):
    return lambda pose: picture(BOARD, pose, CAMERA, random, CLEAN)


def offered_still(selection, seen, pose):
    """What is said of the second picture of a board that stands."""
    selection.offer(seen(pose))
    return selection.offer(seen(pose))


def test_a_board_counts_when_it_stands_still(seen):
    selection = Selection(BOARD, CAMERA, 10)
    assert "moves" in selection.offer(seen(held()))
    assert "moves" in selection.offer(seen(held(x=0.001)))  # 1 px
    assert selection.offer(seen(held(x=0.001))) is None
    assert len(selection.sights) == 1
    assert str(selection.views[0]) == "24 corners, 0.60 m away, tilted by 0°"


def test_a_board_that_was_out_of_the_picture_is_not_still(seen):
    selection = Selection(BOARD, CAMERA, 10)
    selection.offer(seen(held()))
    assert "no marker" in selection.offer(EMPTY)
    assert "moves" in selection.offer(seen(held()))


@pytest.mark.parametrize(
    ("other", "taken"),
    [
        (held(), False),
        (held(x=0.05), False),
        (held(x=0.12), True),
        (held(y=0.09), True),
        (held(z=0.8), True),
        (held(z=0.46), True),
        (held(roll=14.0), True),
        (held(pitch=-14.0), True),
    ],
)
def test_only_another_view_counts(seen, other, taken):
    selection = Selection(BOARD, CAMERA, 20)
    assert offered_still(selection, seen, held()) is None
    assert (offered_still(selection, seen, other) is None) is taken


@pytest.mark.parametrize(
    ("pose", "shown"),
    [
        (held(x=-0.2, y=-0.15), "left upper corner"),
        (held(x=0.2, y=-0.15), "right upper corner"),
        (held(x=-0.2, y=0.15), "left lower corner"),
        (held(x=0.2, y=0.15), "right lower corner"),
    ],
)
def test_a_corner_of_the_picture_is_no_longer_missing(seen, pose, shown):
    selection = Selection(BOARD, CAMERA, 20)
    assert len(selection.missing) == 9
    assert offered_still(selection, seen, pose) is None
    assert shown not in selection.missing
    assert len(selection.missing) == 8


@pytest.mark.parametrize(
    "shown", ["left edge nearer", "right edge nearer", "upper edge nearer", "lower edge nearer"]
)
def test_the_nearer_edge_is_the_one_that_is_named(seen, shown):
    side, sign = {"left": (0, -1), "right": (0, 1), "upper": (1, -1), "lower": (1, 1)}[shown.split()[0]]
    axis = np.eye(3)[1 - side]
    for angle in np.radians([30.0, -30.0]):
        turn = matrix_from_rpy(axis * angle)
        edge = sign * 0.1 * np.eye(3)[side]
        if (turn @ edge)[2] < 0.0:  # towards the camera
            pose = make_transform(turn @ matrix_from_rpy([0.0, 0.0, 0.5 * np.pi]), [0.0, 0.0, 0.6])
    selection = Selection(BOARD, CAMERA, 20)
    assert offered_still(selection, seen, pose) is None
    assert shown not in selection.missing


def test_the_last_pictures_are_left_for_what_is_missing(seen):
    selection = Selection(BOARD, CAMERA, 9)
    assert offered_still(selection, seen, held(x=-0.2, y=-0.15)) is None
    said = offered_still(selection, seen, held())
    assert "what is missing: right upper corner" in said
    assert offered_still(selection, seen, held(x=0.2, y=-0.15)) is None


class Camera:
    """Shows each pose twice, then nothing for ever."""

    def __init__(self, seen, poses):
        self.pictures = itertools.chain(
            (seen(pose) for pose in poses for _ in range(2)), itertools.repeat(EMPTY)
        )

    def next_picture(self):
        return next(self.pictures)


class Clock:
    """A second passes whenever it is asked."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def test_pictures_are_taken_until_there_are_enough(seen):
    poses = [held(x=-0.2, y=-0.15), held(x=0.2, y=0.15, z=0.9, roll=30.0)]
    selection, took, said = Selection(BOARD, CAMERA, 2), [], []
    take_pictures(selection, Camera(seen, poses), took.append, said.append, Clock())
    assert len(took) == len(selection.sights) == 2
    assert said[0].startswith("picture 1 of 2: ")
    assert "still missing: right upper corner" in said[0]


def test_a_board_that_is_never_seen_ends_in_a_sentence():
    said = []
    with pytest.raises(BoardNotFound, match=r"no new picture for 60 s \(0 of 10 taken, missing: .*no marker"):
        take_pictures(Selection(BOARD, CAMERA, 10), Camera(None, []), print, said.append, Clock())
    assert 5 < len(said) < 15


def test_a_silent_camera_ends_it(seen):
    camera = Camera(seen, [])

    def silent():
        raise UnavailableError("no colour image came")

    camera.next_picture = silent
    with pytest.raises(UnavailableError):
        take_pictures(Selection(BOARD, CAMERA, 10), camera, print, print)
