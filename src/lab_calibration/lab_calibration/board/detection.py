"""Where a board is in a picture: corners to a part of a pixel, its pose, and what the picture tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_calibration.errors import BoardNotFound, WrongBoard
from lab_calibration.rigid import skew
from lab_core.geometry import FloatArray, PinholeCamera, make_transform, transform_points

FEWEST_CORNERS = 6
LARGEST_RESIDUAL = 1.5
"""Of the corners about the pose that fits them best, px: beyond it the board is not flat, or the camera is
not the one that its intrinsics tell of."""


@dataclass(frozen=True)
class Corners:
    """What a detector found. ids: (K,) of the board's corners. pixels: (K, 2)."""

    ids: npt.NDArray[np.int64]
    pixels: FloatArray


@dataclass(frozen=True)
class Sight:
    """One sight of the board.

    camera_from_board: (4, 4). information: (6, 6) of a change of that pose, for a noise of one pixel.
    squares: sum of the squared residuals of the corners, px². freedom: numbers that they have left over.
    corners: how many.
    """

    camera_from_board: FloatArray
    information: FloatArray
    squares: float
    freedom: int
    corners: int


@cache
def _detector(board: Board) -> cv2.aruco.CharucoDetector:
    markers = cv2.aruco.DetectorParameters()
    markers.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters = cv2.aruco.CharucoParameters()
    parameters.tryRefineMarkers = True
    return cv2.aruco.CharucoDetector(board.charuco, parameters, markers)


def find_corners(image: npt.NDArray[np.uint8], board: Board) -> Corners:
    """Corners of the board in a grey or RGB picture.

    Raises BoardNotFound with what is missing, WrongBoard for one that is seen mirrored.
    """
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    pixels, ids, _, markers = _detector(board).detectBoard(grey)
    found = 0 if ids is None else len(ids)
    if found >= FEWEST_CORNERS:
        return Corners(
            np.asarray(ids, dtype=np.int64).ravel(), np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        )
    seen = 0 if markers is None else len(markers)
    mirrored = _detector(board).detectBoard(np.ascontiguousarray(grey[:, ::-1]))[1]
    if mirrored is not None and len(mirrored) >= FEWEST_CORNERS:
        raise WrongBoard("the board is seen mirrored: switch the mirroring of the camera's driver off")
    if seen == 0:
        raise BoardNotFound(
            f"no marker of the board ({board}) is in the picture: show it whole, nearer or with more light"
        )
    raise BoardNotFound(
        f"{found} of {len(board.corners)} corners of the board are in the picture, {FEWEST_CORNERS} are"
        " needed: show more of it, without glare, or name the board that it is"
    )


def locate(
    corners: Corners, board: Board, camera: PinholeCamera, distortion: FloatArray | None = None
) -> Sight:
    """The pose that fits the corners best.

    distortion: OpenCV's coefficients; none. Raises WrongBoard when no pose fits, BoardNotFound when the
    corners lie on one line.
    """
    points, pixels = board.corners[corners.ids], corners.pixels
    if distortion is not None and np.any(distortion):
        straight = cv2.undistortPoints(pixels[:, None], camera.matrix, distortion, P=camera.matrix)
        pixels = np.asarray(straight[:, 0], dtype=np.float64)
    pose = nearest_pose(Corners(corners.ids, pixels), board, camera)
    residual = camera.project(transform_points(pose, points)) - pixels
    squares, freedom = float(np.sum(residual**2)), 2 * len(points) - 6
    if not np.sqrt(squares / freedom) <= LARGEST_RESIDUAL:
        raise WrongBoard(
            f"the corners lie {np.sqrt(squares / freedom):.1f} px from where a flat board has them: flatten"
            " the board, and check the camera's intrinsics (`lab calibrate camera`)"
        )
    return Sight(pose, information(points, pose, camera), squares, freedom, len(points))


def nearest_pose(corners: Corners, board: Board, camera: PinholeCamera) -> FloatArray:
    """(4, 4) camera_from_board that fits the corners best, however well that is.

    Raises BoardNotFound when the corners lie on one line, WrongBoard when there is no such pose.
    """
    points = board.corners[corners.ids]
    if np.linalg.svd(points[:, :2] - points[:, :2].mean(axis=0), compute_uv=False)[1] < board.square:
        raise BoardNotFound("all corners of the board that are seen lie on one line: show more of it")
    return _pose(points, corners.pixels, camera)


def information(points: FloatArray, camera_from_board: FloatArray, camera: PinholeCamera) -> FloatArray:
    """(6, 6) information of points (K, 3) of the board, seen with a noise of one pixel, about its pose."""
    rotation = camera_from_board[:3, :3]
    x, y, z = transform_points(camera_from_board, points).T
    zero = np.zeros_like(z)
    by_point = np.stack(
        [
            np.stack([camera.fx / z, zero, -camera.fx * x / z**2], axis=-1),
            np.stack([zero, camera.fy / z, -camera.fy * y / z**2], axis=-1),
        ],
        axis=1,
    )
    by_change = np.concatenate(
        [np.broadcast_to(rotation, (len(points), 3, 3)), -rotation @ skew(points)], axis=2
    )
    jacobian = (by_point @ by_change).reshape(-1, 6)
    result: FloatArray = jacobian.T @ jacobian
    return result


def _pose(points: FloatArray, pixels: FloatArray, camera: PinholeCamera) -> FloatArray:
    """The better of the two poses that a plane may have, refined."""
    found = cv2.solvePnPGeneric(points, pixels, camera.matrix, None, flags=cv2.SOLVEPNP_IPPE)
    best, least = np.eye(4), np.inf
    for rotation, translation in zip(found[1], found[2], strict=True):
        if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
            continue
        rotation, translation = cv2.solvePnPRefineLM(
            points, pixels, camera.matrix, None, rotation, translation
        )
        pose = make_transform(cv2.Rodrigues(rotation)[0], translation.ravel())
        error = float(np.sum((camera.project(transform_points(pose, points)) - pixels) ** 2))
        if error < least:
            best, least = pose, error
    if not np.isfinite(least):
        raise WrongBoard("no pose of the board fits its corners: check the camera's intrinsics")
    return best
