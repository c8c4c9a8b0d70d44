"""The ChArUco board: a chessboard with a marker in each white square, so that a part of it is enough."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from lab_calibration.errors import WrongBoard
from lab_core.geometry import FloatArray

DICTIONARY = "4X4_50"
"""Markers of 4 x 4 bits: the largest bits, so the ones that are read from farthest."""


@dataclass(frozen=True)
class Board:
    """columns, rows: squares. square, marker: edge lengths, metres.

    Its frame has its origin in the middle of the board, x along the columns to the right, y down, z into the
    board.
    """

    columns: int = 5
    rows: int = 7
    square: float = 0.038
    marker: float = 0.029

    def __post_init__(self) -> None:
        if not 3 <= self.columns <= 10 or not 3 <= self.rows <= 10:
            raise WrongBoard(f"board of {self.columns}x{self.rows} squares: expected 3 to 10 each way")
        if not 0.002 <= self.square <= 1.0:
            raise WrongBoard(f"squares of {self.square:g} m: expected 0.002 to 1 m (metres, not millimetres)")
        if not 0.4 * self.square <= self.marker <= 0.9 * self.square:
            raise WrongBoard(
                f"markers of {self.marker:g} m in squares of {self.square:g} m: expected 0.4 to 0.9 of them"
            )

    @cached_property
    def charuco(self) -> cv2.aruco.CharucoBoard:
        """The board as OpenCV has it."""
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{DICTIONARY}"))
        return cv2.aruco.CharucoBoard((self.columns, self.rows), self.square, self.marker, dictionary)

    @cached_property
    def corners(self) -> FloatArray:
        """(K, 3) inner corners in the frame of the board, metres, by their id."""
        points = np.asarray(self.charuco.getChessboardCorners(), dtype=np.float64)
        return points - [0.5 * self.width, 0.5 * self.height, 0.0]

    @property
    def width(self) -> float:
        """Metres, along x."""
        return self.columns * self.square

    @property
    def height(self) -> float:
        """Metres, along y."""
        return self.rows * self.square

    def outline(self, margin: float = 0.0) -> FloatArray:
        """(4, 3) outer corners, grown by a margin of white paper, metres."""
        x, y = 0.5 * self.width + margin, 0.5 * self.height + margin
        return np.array([[-x, -y, 0.0], [x, -y, 0.0], [x, y, 0.0], [-x, y, 0.0]])

    def picture(self, pixels_per_square: int) -> npt.NDArray[np.uint8]:
        """(rows * n, columns * n) grey picture of the board without a margin.

        Square by square: OpenCV 5.0's own picture of the whole fails for some boards, such as 7x3.
        """
        row, column = np.indices((self.rows, self.columns))
        squares = np.where((row + column) % 2 == 0, 0, 255).astype(np.uint8)
        result = np.kron(squares, np.ones((pixels_per_square, pixels_per_square), np.uint8))
        scale = pixels_per_square / self.square
        for name, corners in zip(np.ravel(self.charuco.getIds()), self.charuco.getObjPoints(), strict=True):
            left, top = np.rint(scale * np.min(corners, axis=0)[:2]).astype(int)
            side = round(scale * self.marker)
            result[top : top + side, left : left + side] = cv2.aruco.generateImageMarker(
                self.charuco.getDictionary(), int(name), side
            )
        return result

    def __str__(self) -> str:
        return (
            f"ChArUco {self.columns}x{self.rows}, squares {1e3 * self.square:g} mm,"
            f" markers {1e3 * self.marker:g} mm"
        )
