"""Planes in Hesse form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray


@dataclass(frozen=True, slots=True)
class Plane:
    """All x with normal . x + offset = 0; normal (3,) of unit length, offset in metres."""

    normal: FloatArray
    offset: float

    def signed_distance(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Distances (...,) of points (..., 3), positive on the normal's side."""
        distance: npt.NDArray[np.floating] = points @ self.normal.astype(points.dtype) + points.dtype.type(
            self.offset
        )
        return distance

    def transformed(self, target_from_source: FloatArray) -> Plane:
        """The plane, given in the source frame, in the target frame."""
        normal = target_from_source[:3, :3] @ self.normal
        return Plane(normal, float(self.offset - normal @ target_from_source[:3, 3]))


def fit_plane(points: npt.NDArray[np.floating]) -> Plane:
    """Total least squares plane through points (N, 3), N >= 3; the sign of the normal is arbitrary.

    Raises ValueError with fewer than three points.
    """
    if len(points) < 3:
        raise ValueError(f"a plane needs 3 points, got {len(points)}")
    centre = points.mean(axis=0, dtype=np.float64)
    centred = points.astype(np.float64) - centre
    _, vectors = np.linalg.eigh(centred.T @ centred)
    normal = vectors[:, 0]
    return Plane(normal, float(-normal @ centre))
