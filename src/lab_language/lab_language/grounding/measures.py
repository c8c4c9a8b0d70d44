"""What the observed surface of a part tells of its shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from lab_core.geometry import FloatArray, invert, rotate_vectors, transform_points
from lab_core.scene import Part

_CELL, _CELLS = 0.0025, 15
"""Metres of a cell of the grid in which holes are looked for, and the most of them each way: surface is known
every two millimetres.
"""
_MIDDLE = 0.1
"""Half of the middle, as a share of the footprint."""


@dataclass(frozen=True, slots=True)
class Form:
    """Shape of a part as it lies. length, width, height: of its box, metres, length the longer.

    filled: area of the convex outline from above, as a share of its rectangle: 1 of a box, 0.79 of a disc.
    slanted: share of the surface that faces neither up nor to a side. around: how evenly that part of the
    surface faces all ways round, 0 (one or two opposite ways) to 1. bent: how much its slant differs from
    place to place: 0 of planes, 0.3 of a lying cylinder. hole: share of the middle from above without
    surface at the height of what surrounds it.
    """

    length: float
    width: float
    height: float
    filled: float
    slanted: float
    around: float
    bent: float
    hole: float


@lru_cache(maxsize=64)  # a part is the same object in all phrases about one scene
def form_of(part: Part) -> Form:
    """The form of a part; where no surface was observed, that of its box."""
    length, width, height = (float(edge) for edge in part.box.size)
    if len(part.points) < 20:
        return Form(max(length, width), min(length, width), height, 1.0, 0.0, 0.0, 0.0, 0.0)
    box_from_frame = invert(part.box.frame_from_box)
    points = np.asarray(transform_points(box_from_frame, part.points), np.float64)
    normals = np.asarray(rotate_vectors(box_from_frame, part.normals), np.float64)
    length, width = max(length, width), min(length, width)
    hull = cv2.convexHull(np.ascontiguousarray(points[:, :2], np.float32))
    filled = float(cv2.contourArea(hull)) / (length * width)
    up = normals[:, 2]
    oblique = (up > 0.3) & (up < 0.92)
    return Form(
        length,
        width,
        height,
        filled,
        float(oblique.mean()),
        _around(normals[oblique]),
        float(np.ptp(np.quantile(up[oblique], [0.25, 0.75]))) if oblique.any() else 0.0,
        _hole(points, part.box.size),
    )


def _around(normals: FloatArray) -> float:
    """Of normals (N, 3): how evenly their directions from above are spread."""
    if len(normals) < 10:
        return 0.0
    flat = normals[:, :2] / np.linalg.norm(normals[:, :2], axis=1, keepdims=True)
    # of directions and their opposites, as of a lying cylinder, the second moment has one axis only
    least, greatest = np.linalg.eigvalsh(flat.T @ flat / len(flat))
    return float(least / greatest)


def _hole(points: FloatArray, size: FloatArray) -> float:
    """Of points (N, 3) in the box: share of the cells in the middle that hold nothing as high as the rim."""
    count = int(np.clip(size[:2].min() / _CELL, 5, _CELLS))
    cells = np.full((count, count), -np.inf)
    place = np.clip(((points[:, :2] / size[:2] + 0.5) * count).astype(int), 0, count - 1)
    np.maximum.at(cells, (place[:, 0], place[:, 1]), points[:, 2])
    rim = float(np.quantile(points[:, 2], 0.8))
    middle = np.abs((np.arange(count) + 0.5) / count - 0.5) < _MIDDLE
    return float((cells[np.ix_(middle, middle)] < rim - 0.3 * float(size[2])).mean())
