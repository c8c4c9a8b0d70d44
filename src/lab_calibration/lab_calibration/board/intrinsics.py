"""The camera's intrinsics from pictures of the board, and whether those that the driver gives are good
enough.

Source: Z. Zhang, "A flexible new technique for camera calibration", IEEE T-PAMI 2000, as OpenCV has it.
Judged on pictures that were held out: of each of five parts of the pictures by what the other four give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lab_calibration.board.board import Board
from lab_calibration.board.detection import Corners
from lab_calibration.errors import BoardNotFound
from lab_core.geometry import FloatArray, PinholeCamera

FEWEST = 10
_PARTS = 5
_NOT_WORSE = 1.15
"""Corners that lie so much farther off than by intrinsics of their own are not worth a change."""
_LEAST_SPREAD = 0.4


@dataclass(frozen=True)
class Intrinsics:
    """camera: pinhole. distortion: (5,) of OpenCV. pictures: how many. error: of corners in pictures that
    were held out, px (root mean square). drivers_error: the same of the driver's own, None where it gives
    none.
    """

    camera: PinholeCamera
    distortion: FloatArray
    pictures: int
    error: float
    drivers_error: float | None

    @property
    def driver_is_good(self) -> bool:
        """Whether the driver's own intrinsics are good enough."""
        return self.drivers_error is not None and self.drivers_error <= _NOT_WORSE * self.error


def calibrate_camera(
    sights: Sequence[Corners],
    board: Board,
    size: tuple[int, int],
    driver: tuple[PinholeCamera, FloatArray | None] | None = None,
) -> Intrinsics:
    """Intrinsics from corners of pictures of a size (width, height).

    driver: pinhole and distortion that the driver gives. Raises BoardNotFound when the pictures tell too
    little.
    """
    if len(sights) < FEWEST:
        raise BoardNotFound(f"{len(sights)} pictures show the board: {FEWEST} are needed, 20 are good")
    pixels = np.concatenate([one.pixels for one in sights])
    spread = np.ptp(pixels, axis=0) / size
    if spread.min() < _LEAST_SPREAD:
        raise BoardNotFound(
            f"the board is seen in {100 * spread[0]:.0f} x {100 * spread[1]:.0f} % of the picture only: show"
            " it in the corners too"
        )
    held = []
    for part in range(_PARTS):
        others = [one for index, one in enumerate(sights) if index % _PARTS != part]
        matrix, distortion = _solve(others, board, size)
        held += [_squares(one, board, matrix, distortion) for one in sights[part::_PARTS]]
    drivers = None
    if driver is not None:
        none = np.zeros(5) if driver[1] is None else driver[1]
        drivers = _mean([_squares(one, board, driver[0].matrix, none) for one in sights])
    matrix, distortion = _solve(sights, board, size)
    camera = PinholeCamera(*size, matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])
    return Intrinsics(camera, distortion, len(sights), _mean(held), drivers)


def _solve(sights: Sequence[Corners], board: Board, size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    points = [board.corners[one.ids].astype(np.float32) for one in sights]
    pixels = [one.pixels.astype(np.float32) for one in sights]
    start = cv2.initCameraMatrix2D(points, pixels, size)
    _, matrix, distortion, _, _ = cv2.calibrateCamera(
        points, pixels, size, start, np.zeros(5), flags=cv2.CALIB_USE_INTRINSIC_GUESS
    )
    return np.asarray(matrix, dtype=np.float64), np.asarray(distortion, dtype=np.float64).ravel()[:5]


def _squares(corners: Corners, board: Board, matrix: FloatArray, distortion: FloatArray) -> tuple[float, int]:
    """Sum of squared residuals, px², of the pose that fits best, and how many numbers they leave."""
    points = board.corners[corners.ids]
    found, turn, shift = cv2.solvePnP(points, corners.pixels, matrix, distortion, flags=cv2.SOLVEPNP_IPPE)
    if not found:
        return 1e6, 1
    turn, shift = cv2.solvePnPRefineLM(points, corners.pixels, matrix, distortion, turn, shift)
    seen, _ = cv2.projectPoints(points, turn, shift, matrix, distortion)
    return float(np.sum((seen[:, 0] - corners.pixels) ** 2)), 2 * len(points) - 6


def _mean(parts: Sequence[tuple[float, int]]) -> float:
    squares, freedom = np.sum(parts, axis=0)
    return float(np.sqrt(squares / freedom))
