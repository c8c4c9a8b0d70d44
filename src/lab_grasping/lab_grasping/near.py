"""Which of many points have a neighbour among others: cheaper than how far away it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray

MOST_CELLS = 200_000
"""Of the grid over the points; a larger one is made coarser."""


def near(points: FloatArray, queries: FloatArray, radius: float) -> npt.NDArray[np.bool_]:
    """Whether (M,) a query (M, 3) lies closer than the radius to any of points (N, 3), N >= 1; metres."""
    lower = points.min(axis=0)
    size = points.max(axis=0) - lower
    cell = max(radius, float(np.cbrt(np.prod(size + radius) / MOST_CELLS)))
    shape = (np.floor(size / cell) + 1.0).astype(np.int64)
    place = np.floor((points - lower) / cell).astype(np.int64)
    flat = (place[:, 0] * shape[1] + place[:, 1]) * shape[2] + place[:, 2]
    order = np.argsort(flat, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=int(shape.prod())))])
    return _near(points[order], starts, lower, cell, shape, queries, radius * radius)


@compiled
def _near(
    points: FloatArray,
    starts: npt.NDArray[np.int64],
    lower: FloatArray,
    cell: float,
    shape: npt.NDArray[np.int64],
    queries: FloatArray,
    squared: float,
) -> npt.NDArray[np.bool_]:
    """Points in the order of their cells, each cell from one start to the next."""
    found = np.zeros(len(queries), dtype=np.bool_)
    for q in range(len(queries)):
        x, y, z = queries[q, 0], queries[q, 1], queries[q, 2]
        i0 = int(np.floor((x - lower[0]) / cell))
        j0 = int(np.floor((y - lower[1]) / cell))
        k0 = int(np.floor((z - lower[2]) / cell))
        first, last = max(k0 - 1, 0), min(k0 + 1, shape[2] - 1)
        if first > last:
            continue
        for i in range(max(i0 - 1, 0), min(i0 + 2, shape[0])):
            for j in range(max(j0 - 1, 0), min(j0 + 2, shape[1])):
                row = (i * shape[1] + j) * shape[2]
                # cells that follow each other in height hold points that follow each other
                for p in range(starts[row + first], starts[row + last + 1]):
                    dx, dy, dz = points[p, 0] - x, points[p, 1] - y, points[p, 2] - z
                    if dx * dx + dy * dy + dz * dz < squared:
                        found[q] = True
                        break
                if found[q]:
                    break
            if found[q]:
                break
    return found
