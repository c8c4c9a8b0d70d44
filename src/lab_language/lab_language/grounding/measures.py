"""What the observed surface of a part tells of its shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lab_core.geometry import FloatArray, invert, transform_points
from lab_core.scene import Part

_CELL, _CELLS = 0.0025, 15
"""Metres of a cell of the grid in which holes are looked for, and the most of them each way: surface is known
every two millimetres.
"""
_MIDDLE = 0.1
"""Half of the middle, as a share of the footprint."""
_INNER, _OUTER, _BESIDE = 0.3, (0.55, 0.85), 0.45
"""Where heights are compared: the middle, and strips towards the edges, as shares of half the footprint."""
_ENOUGH = 4
"""Points without which a strip says nothing."""


@dataclass(frozen=True, slots=True)
class Form:
    """Shape of a part as it lies. length, width, height: of its box, metres, length the longer.

    filled: area of the convex outline from above, as a share of its rectangle: 1 of a box, 0.79 of a disc.
    bow_along, bow_across: how much lower the surface lies towards the ends of the length and of the width
    than in the middle, as a share of half of that: 0 of a box, 0.3 of a ball. tilt: how much lower one end
    lies than the other. hole: share of the middle from above without surface at the height of the rim.
    Heights, not normals: those of real depth cameras lean by tens of degrees near every edge.
    """

    length: float
    width: float
    height: float
    filled: float = 1.0
    bow_along: float = 0.0
    bow_across: float = 0.0
    tilt: float = 0.0
    hole: float = 0.0


@lru_cache(maxsize=64)  # a part is the same object in all phrases about one scene
def form_of(part: Part) -> Form:
    """The form of a part; where no surface was observed, that of its box."""
    x, y, height = (float(edge) for edge in part.box.size)
    length, width = max(x, y), min(x, y)
    if len(part.points) < 20:
        return Form(length, width, height)
    points = np.asarray(transform_points(invert(part.box.frame_from_box), part.points), np.float64)
    import cv2  # here, as a cell whose order names no parts by words has no use for it

    hull = cv2.convexHull(np.ascontiguousarray(points[:, :2], np.float32))
    filled = float(cv2.contourArea(hull)) / (length * width)
    along, across = (0, 1) if x >= y else (1, 0)
    bow_along, tilt_along = _bow(points, part.box.size, along)
    bow_across, tilt_across = _bow(points, part.box.size, across)
    tilt = max(tilt_along, tilt_across)
    return Form(length, width, height, filled, bow_along, bow_across, tilt, _hole(points, part.box.size))


def _bow(points: FloatArray, size: FloatArray, axis: int) -> tuple[float, float]:
    """Of points (N, 3) in the box: how much lower the ends of an axis lie than the middle, and by how much
    they differ; shares of half the axis.
    """
    place = points[:, :2] / (0.5 * size[:2])
    here, beside = place[:, axis], np.abs(place[:, 1 - axis])
    middle = points[(np.abs(here) < _INNER) & (beside < _BESIDE), 2]
    ends = [
        points[(side * here > _OUTER[0]) & (side * here < _OUTER[1]) & (beside < _BESIDE), 2]
        for side in (-1.0, 1.0)
    ]
    if len(middle) < _ENOUGH or any(len(end) < _ENOUGH for end in ends):
        return 0.0, 0.0
    # the upper half: what lies below may be the foot of a side
    top = [float(np.quantile(part, 0.6)) for part in (middle, *ends)]
    drops = [(top[0] - end) / (0.5 * float(size[axis])) for end in top[1:]]
    return 0.5 * sum(drops), abs(drops[0] - drops[1])


def _hole(points: FloatArray, size: FloatArray) -> float:
    """Of points (N, 3) in the box: share of the cells in the middle that hold nothing as high as the rim."""
    count = int(np.clip(size[:2].min() / _CELL, 5, _CELLS))
    cells = np.full((count, count), -np.inf)
    place = np.clip(((points[:, :2] / size[:2] + 0.5) * count).astype(int), 0, count - 1)
    np.maximum.at(cells, (place[:, 0], place[:, 1]), points[:, 2])
    rim = float(np.quantile(points[:, 2], 0.8))
    middle = np.abs((np.arange(count) + 0.5) / count - 0.5) < _MIDDLE
    return float((cells[np.ix_(middle, middle)] < rim - 0.3 * float(size[2])).mean())
