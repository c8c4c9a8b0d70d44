"""Which pictures of a board that a person moves about are worth taking for the camera's intrinsics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_calibration.board.detection import Corners, find_corners, nearest_pose
from lab_calibration.errors import CalibrationError
from lab_core.geometry import FloatArray, PinholeCamera, transform_points

STILL = 0.3
"""Px that the corners of a standing board move from one picture to the next, in the median: more than their
noise. A rolling shutter shears a board that moves so slowly by less than that from top to bottom."""
_OTHER_PLACE, _OTHER_DISTANCE, _OTHER_TILT = 0.15, 1.25, np.radians(10.0)
"""By which two views differ: share of the picture, ratio, angle. One of them is enough."""
_TILTED = np.sin(np.radians(20.0))
_RANGE = 1.6
"""Ratio of the farthest and the nearest view: a lens that is seen from one distance is not known."""
_CORNER, _IN_CORNER = 0.25, 3
"""Share of width and height that a corner of the picture has, and how many of the board's make it seen."""
_PARTS = {
    "left upper corner": (0, 0),
    "right upper corner": (1, 0),
    "left lower corner": (0, 1),
    "right lower corner": (1, 1),
}
_TILTS = {
    "left edge nearer": (-1.0, 0.0),
    "right edge nearer": (1.0, 0.0),
    "upper edge nearer": (0.0, -1.0),
    "lower edge nearer": (0.0, 1.0),
}
"""Towards which the corners of the picture lie, and the normal of the board leans."""
_OTHER_RANGE = "much nearer or farther"
_NAMED = 4


@dataclass(frozen=True)
class View:
    """A board in a picture.

    place: (2,) of the middle of the board, shares of the picture's width and height. distance: of the same,
    along the optical axis, metres. normal: (3,) unit, into the board, in the frame of the camera.
    shows: what it has of that which a good set of pictures shows. corners: how many are seen.
    """

    place: FloatArray
    distance: float
    normal: FloatArray
    shows: frozenset[str]
    corners: int

    @staticmethod
    def of(corners: Corners, board: Board, camera: PinholeCamera) -> View:
        """camera: as well as it is known; good enough to compare views. Raises BoardNotFound, WrongBoard."""
        pose = nearest_pose(corners, board, camera)
        size = np.array([camera.width, camera.height])
        middle = transform_points(pose, np.zeros((1, 3)))
        normal = pose[:3, 2]
        shows = _parts(corners.pixels / size) | _tilts(normal)
        return View(camera.project(middle)[0] / size, float(middle[0, 2]), normal, shows, len(corners.ids))

    def is_like(self, other: View) -> bool:
        """Whether the two teach the same."""
        return bool(
            np.abs(self.place - other.place).max() < _OTHER_PLACE
            and abs(np.log(self.distance / other.distance)) < np.log(_OTHER_DISTANCE)
            and self.normal @ other.normal > np.cos(_OTHER_TILT)
        )

    def __str__(self) -> str:
        tilt = np.degrees(np.arccos(min(abs(float(self.normal[2])), 1.0)))
        return f"{self.corners} corners, {self.distance:.2f} m away, tilted by {tilt:.0f}°"


class Selection:
    """Takes a picture when the board is seen, stands still since the one before, and shows something new.

    The last pictures are left for what is still missing.
    """

    def __init__(self, board: Board, camera: PinholeCamera, count: int) -> None:
        """camera: of the size of the pictures. count: pictures to take."""
        self._board, self._camera, self.count = board, camera, count
        self.sights: list[Corners] = []
        self.views: list[View] = []
        self._before: Corners | None = None

    @property
    def is_complete(self) -> bool:
        """Whether as many pictures are taken as were wanted."""
        return len(self.sights) >= self.count

    @property
    def missing(self) -> tuple[str, ...]:
        """What no picture shows yet."""
        return _missing(self.views)

    @property
    def wanted(self) -> str:
        """The same in words that fit on a line."""
        named, more = self.missing[:_NAMED], len(self.missing[_NAMED:])
        return (", ".join(named) or "nothing") + (f" and {more} more" if more else "")

    def offer(self, image: npt.NDArray[np.uint8]) -> str | None:
        """Look at the next picture of the camera, grey or RGB; why it is not taken, None when it is."""
        before, self._before = self._before, None
        try:
            corners = find_corners(image, self._board)
            view = View.of(corners, self._board, self._camera)
        except CalibrationError as error:
            return str(error)
        self._before = corners
        if before is None or _way(before, corners) > STILL:
            return "the board moves: hold it still, best against something firm"
        if any(view.is_like(other) for other in self.views):
            return "a picture like this is taken: show the board elsewhere, nearer, farther or tilted"
        lacking, left = self.missing, self.count - len(self.views)
        if len(lacking) >= left and len(_missing([*self.views, view])) == len(lacking):
            return f"the pictures that are left are for what is missing: {self.wanted}"
        self.sights.append(corners)
        self.views.append(view)
        return None


def _way(before: Corners, now: Corners) -> float:
    """By how much the corners moved in the median, px; infinite when both pictures show no common one."""
    _, first, second = np.intersect1d(before.ids, now.ids, return_indices=True)
    if not len(first):
        return np.inf
    return float(np.median(np.linalg.norm(now.pixels[second] - before.pixels[first], axis=1)))


def _missing(views: Sequence[View]) -> tuple[str, ...]:
    shown = frozenset[str]().union(*(view.shows for view in views))
    distances = [view.distance for view in views]
    lacking = tuple(one for one in (*_PARTS, *_TILTS) if one not in shown)
    ranges = bool(distances) and max(distances) >= _RANGE * min(distances)
    return lacking if ranges else (*lacking, _OTHER_RANGE)


def _parts(places: FloatArray) -> frozenset[str]:
    """Corners of the picture in which enough of the board's corners (K, 2) lie, shares of its size."""
    return frozenset(
        name
        for name, at in _PARTS.items()
        if np.sum(np.all(np.abs(places - at) <= _CORNER, axis=1)) >= _IN_CORNER
    )


def _tilts(normal: FloatArray) -> frozenset[str]:
    """Edges of the board that are clearly nearer; left and upper as in the picture."""
    return frozenset(name for name, to in _TILTS.items() if normal[:2] @ to > _TILTED)
