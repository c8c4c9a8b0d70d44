"""A landmark: a board that stands in the cell, in the camera's view, for good.

Where its corners are in the image is remembered with the calibration. As long as they stay there the camera
stands: what lens, print and calibration are wrong by is the same then and now. Nothing has to move for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_calibration.board.detection import FEWEST_CORNERS, Corners, find_corners, locate
from lab_calibration.errors import BoardNotFound, CalibrationError, WrongBoard
from lab_calibration.hand_eye.error_map import WorkArea, grid
from lab_calibration.hand_eye.moved import Move, move_between
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_core.geometry import PinholeCamera
from lab_description import Cell
from lab_description.schema import Count, Quantity, Size, parse, read_yaml

Pixel = Annotated[float, Quantity("px", 0.0, 20_000.0)]

LANDMARK_FILE = "landmark.yaml"
LOOKS = 5
"""Images of which the corners are taken together."""
NOISE = 0.1
"""Standard deviation, px, that light and warmth move the corners by in all images of an hour alike: more
images do not make it less."""
KNOCK = np.array([0.01] * 3 + [0.01] * 3)
"""What a camera that was knocked moves by: some 10 mm, 0.6 degrees."""

_PATIENCE = 3 * LOOKS
"""Images without the landmark, in a row, until it counts as not there: the arm passes before it."""


@dataclass(frozen=True)
class Corner:
    """One corner. id: of the board. pixel: where it was."""

    id: Annotated[int, Quantity("", 0, 100)]
    pixel: tuple[Pixel, Pixel]


@dataclass(frozen=True)
class LandmarkBoard:
    """See Board; metres."""

    columns: Count
    rows: Count
    square: Size
    marker: Size


@dataclass(frozen=True)
class Landmark:
    """A board as the camera saw it, and when. pictures: of which the corners are the middle."""

    day: date
    board: LandmarkBoard
    pictures: Count
    corners: tuple[Corner, ...]

    def __post_init__(self) -> None:
        try:
            _ = self.pattern
        except WrongBoard as error:
            raise ValueError(str(error)) from error
        known = {corner.id for corner in self.corners}
        if len(known) != len(self.corners) or len(known) < FEWEST_CORNERS:
            raise ValueError(f"corners: {len(known)} of different ids, expected {FEWEST_CORNERS} or more")
        if max(known) >= (self.board.columns - 1) * (self.board.rows - 1):
            raise ValueError(f"corners: the board has no corner {max(known)}")

    @cached_property
    def seen(self) -> Corners:
        """The corners as a detector gives them."""
        return Corners(
            np.array([corner.id for corner in self.corners], dtype=np.int64),
            np.array([corner.pixel for corner in self.corners], dtype=np.float64),
        )

    @cached_property
    def pattern(self) -> Board:
        """The board."""
        return Board(self.board.columns, self.board.rows, self.board.square, self.board.marker)


def remember(board: Board, looks: Sequence[Corners], day: date) -> Landmark:
    """The landmark of a day, from some images of it. Raises BoardNotFound when they show too few corners."""
    middle = middle_of(looks)
    return Landmark(
        day,
        LandmarkBoard(board.columns, board.rows, board.square, board.marker),
        len(looks),
        tuple(
            Corner(int(name), (float(u), float(v)))
            for name, (u, v) in zip(middle.ids, middle.pixels, strict=True)
        ),
    )


def read_landmark(folder: Path) -> Landmark | None:
    """The landmark in an evidence folder, None where there is none. Raises ConfigurationError."""
    file = folder / LANDMARK_FILE
    return parse(Landmark, read_yaml(file), file) if file.is_file() else None


def write_landmark(landmark: Landmark, folder: Path) -> Path:
    """Keep a landmark in an evidence folder, in place of the one before."""
    board, file = landmark.board, folder / LANDMARK_FILE
    lines = [
        "# Where the camera saw the corners of a board that stands in the cell, pixels.",
        f"day: {landmark.day.isoformat()}",
        f"board: {{columns: {board.columns}, rows: {board.rows},"
        f" square: {board.square}, marker: {board.marker}}}",
        f"pictures: {landmark.pictures}",
        "corners:",
        *(
            f"  - {{id: {corner.id}, pixel: [{corner.pixel[0]:.4f}, {corner.pixel[1]:.4f}]}}"
            for corner in landmark.corners
        ),
    ]
    new = file.with_name(f".{file.name}.new")
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.replace(file)
    return file


def middle_of(looks: Sequence[Corners]) -> Corners:
    """The median of each corner that most of the images show: a hand that reaches over it does not count.

    Raises BoardNotFound when these are too few.
    """
    known = max((int(look.ids.max()) for look in looks), default=-1) + 1
    pixels = np.full((len(looks), known, 2), np.nan)
    for index, look in enumerate(looks):
        pixels[index, look.ids] = look.pixels
    names = np.flatnonzero(np.isfinite(pixels[..., 0]).sum(axis=0) > 0.5 * len(looks))
    if len(names) < FEWEST_CORNERS:
        raise BoardNotFound(
            f"{len(names)} corners of the landmark are in most of {len(looks)} images, {FEWEST_CORNERS} are"
            " needed: keep it free, and light it evenly"
        )
    return Corners(names, np.nanmedian(pixels[:, names], axis=0))


def moved(landmark: Landmark, now: Corners, cell: Cell) -> Move:
    """How far the camera moved since the landmark was remembered.

    Raises BoardNotFound when too few of its corners are seen, WrongBoard when they do not fit a board.
    """
    then = landmark.seen
    shared = sorted(set(then.ids.tolist()) & set(now.ids.tolist()))
    if len(shared) < FEWEST_CORNERS:
        raise BoardNotFound(
            f"{len(shared)} of the {len(then.ids)} corners of the landmark that were remembered are seen,"
            f" {FEWEST_CORNERS} are needed: keep it free, and light it evenly"
        )
    camera = cell.camera.pinhole
    before, after = (_sight(_only(one, shared), landmark.pattern, camera) for one in (then, now))
    area = WorkArea(grid(cell))
    return move_between(before, after, cell.camera.base_from_camera, area, wobble=0.0, usual=KNOCK)


def _only(corners: Corners, names: Sequence[int]) -> Corners:
    index = [corners.ids.tolist().index(name) for name in names]
    return Corners(corners.ids[index], corners.pixels[index])


def _sight(corners: Corners, board: Board, camera: PinholeCamera) -> Poses:
    sight = locate(corners, board, camera)
    return Poses(
        Setup.FIXED,
        np.eye(4)[None],  # nothing moved
        sight.camera_from_board[None],
        ("the landmark",),
        information=sight.information[None],
        squares=np.array([max(sight.squares, sight.freedom * NOISE**2)]),
        freedom=np.array([float(sight.freedom)]),
    )


class LandmarkWatch:
    """Looks at the landmark again and again, and says whether the camera still stands."""

    def __init__(self, landmark: Landmark, cell: Cell) -> None:
        self.landmark, self._cell = landmark, cell
        self._looks: deque[Corners] = deque(maxlen=LOOKS)
        self._missed = 0
        self.move: Move | None = None
        """Since the landmark was remembered; None before it has been seen often enough."""

    def look(self, image: npt.NDArray[np.uint8]) -> None:
        """Take one image (H, W, 3), RGB, or (H, W)."""
        try:
            self._looks.append(find_corners(image, self.landmark.pattern))
            self._missed = 0
            if len(self._looks) == LOOKS:
                self.move = moved(self.landmark, middle_of(self._looks), self._cell)
        except CalibrationError:
            self._missed += 1
            if self._missed >= _PATIENCE:
                self._looks.clear()
                self.move = None

    @property
    def is_seen(self) -> bool:
        """Whether the newest image showed it, or one so shortly before that something may have passed."""
        return self._missed == 0 or self.move is not None
