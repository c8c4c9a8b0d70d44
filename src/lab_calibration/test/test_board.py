import re

import numpy as np
import pytest

from lab_calibration.board.board import Board
from lab_calibration.board.detection import find_corners, locate
from lab_calibration.board.page import PAGES, _black, write_page
from lab_calibration.errors import BoardNotFound, WrongBoard
from lab_calibration.rigid import difference
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.geometry import PinholeCamera, make_transform, matrix_from_rpy

CAMERA = PinholeCamera(640, 480, 616.8, 616.8, 319.5, 239.5)
BOARD = Board()
NEAR = make_transform(matrix_from_rpy([0.5, -0.4, 0.3]), [0.03, -0.02, 0.6])
CLEAN = Flaws(glare=0.0, hidden=0.0)


def test_a_rendered_board_is_found_where_it_is(random):
    sight = locate(find_corners(picture(BOARD, NEAR, CAMERA, random, CLEAN), BOARD), BOARD, CAMERA)
    change = difference(NEAR, sight.camera_from_board)
    assert sight.corners == 24
    assert np.linalg.norm(change[:3]) < 0.001
    assert np.degrees(np.linalg.norm(change[3:])) < 0.2


def test_the_information_of_a_sight_tells_its_error(random):
    """Squared errors in units of their covariance are six in the mean."""
    squares = []
    for _ in range(25):
        sight = locate(find_corners(picture(BOARD, NEAR, CAMERA, random, CLEAN), BOARD), BOARD, CAMERA)
        change = difference(NEAR, sight.camera_from_board)
        squares.append(change @ sight.information @ change * sight.freedom / sight.squares)
    assert 3.0 < np.mean(squares) < 12.0


def test_a_part_of_the_board_is_enough(random):
    aside = make_transform(NEAR[:3, :3], [0.28, -0.02, 0.6])
    corners = find_corners(picture(BOARD, aside, CAMERA, random, CLEAN), BOARD)
    assert 6 <= len(corners.ids) < 24
    assert np.linalg.norm(difference(aside, locate(corners, BOARD, CAMERA).camera_from_board)[:3]) < 0.003


def test_a_picture_without_board_says_so(random):
    with pytest.raises(BoardNotFound, match="no marker of the board"):
        find_corners(random.integers(0, 255, (480, 640), dtype=np.uint8), BOARD)


def test_too_small_a_part_of_the_board_says_so(random):
    aside = make_transform(np.eye(3), [0.34, 0.27, 0.6])
    with pytest.raises(BoardNotFound, match="of 24 corners of the board"):
        find_corners(picture(BOARD, aside, CAMERA, random, CLEAN), BOARD)


def test_a_mirrored_picture_says_so(random):
    image = picture(BOARD, NEAR, CAMERA, random, CLEAN)
    with pytest.raises(WrongBoard, match="mirrored"):
        find_corners(np.ascontiguousarray(image[:, ::-1]), BOARD)


def test_a_bent_board_says_so(random):
    corners = find_corners(picture(BOARD, NEAR, CAMERA, random, CLEAN), BOARD)
    bent = corners.pixels + [0.0, 1.0] * (8.0 * (corners.pixels[:, :1] - 320.0) / 100.0) ** 2 * 0.3
    with pytest.raises(WrongBoard, match="flatten the board"):
        locate(type(corners)(corners.ids, bent), BOARD, CAMERA)


@pytest.mark.parametrize(
    ("size", "words"),
    [({"columns": 1}, "3 to 10"), ({"square": 38.0}, "not millimetres"), ({"marker": 0.037}, "0.4 to 0.9")],
)
def test_an_impossible_board_is_refused(size, words):
    with pytest.raises(WrongBoard, match=words):
        Board(**size)


def test_the_page_holds_the_board_in_its_true_size(tmp_path):
    """What is drawn, as pixels of a quarter of a millimetre, is the board that the detector knows."""
    scale = 4000.0
    page = np.full((round(BOARD.height * scale) + 80, round(BOARD.width * scale) + 80), 255, np.uint8)
    for x, y, width, height in _black(BOARD):
        left, top = 40 + round(x * scale), 40 + round(y * scale)
        page[top : 40 + round((y + height) * scale), left : 40 + round((x + width) * scale)] = 0
    corners = find_corners(page, BOARD)
    assert len(corners.ids) == 24
    drawn = (corners.pixels - 40.0 + 0.5) / scale - 0.5 * np.array([BOARD.width, BOARD.height])
    assert np.abs(drawn - BOARD.corners[:, :2][corners.ids]).max() < 2e-4

    write_page(BOARD, tmp_path / "board.pdf")
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", (tmp_path / "board.pdf").read_bytes())
    assert np.allclose(np.array(box.groups(), float) / 72.0 * 0.0254, PAGES["a4"], atol=1e-4)


def test_a_board_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(WrongBoard, match="does not fit on a4"):
        write_page(Board(square=0.05), tmp_path / "board.pdf")
    with pytest.raises(WrongBoard, match=r"\.pdf or \.svg"):
        write_page(BOARD, tmp_path / "board.png")


@pytest.mark.parametrize("size", [(5, 7), (7, 5), (4, 4)])
def test_the_picture_is_opencv_s_own_where_that_has_whole_pixels(size):
    board = Board(*size, 0.025, 0.019)
    own = board.charuco.generateImage((100 * size[0], 100 * size[1]), marginSize=0, borderBits=1)
    np.testing.assert_array_equal(board.picture(100), own)


def test_a_wide_board_is_drawn_too():
    board = Board(7, 3, 0.025, 0.019)
    assert len(find_corners(np.pad(board.picture(64), 40, constant_values=255), board).ids) == 12
