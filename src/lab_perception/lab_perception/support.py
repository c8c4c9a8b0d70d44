"""The plane that the parts lie on.

Source: M. A. Fischler, R. C. Bolles, "Random sample consensus", 1981, with two priors of a cell: the support
is near its configured height and nearly level, and nothing lies under it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, Plane, fit_plane
from lab_perception.errors import NoSupport


@dataclass(frozen=True, slots=True)
class SupportSettings:
    """How far the support may be from where it is configured, and how well it has to be seen."""

    height_tolerance: float = 0.02
    max_tilt: float = 0.06
    inlier_distance: float = 0.004
    min_inlier_fraction: float = 0.1
    min_inliers: int = 200
    hypotheses: int = 64
    seed: int = 0


def find_support(
    points: npt.NDArray[np.float32], centre: FloatArray, settings: SupportSettings | None = None
) -> Plane:
    """Support plane, normal upwards, in the frame of the points.

    points: (N, 3) observed points above and on the work area, metres; a sample of some thousands is enough.
    centre: (3,) centre of the work area at the configured height of the support.

    Raises NoSupport when no level plane near that height holds enough of the points.
    """
    settings = settings or SupportSettings()
    near = points[np.abs(points[:, 2] - centre[2]) < settings.height_tolerance + 2 * settings.inlier_distance]
    near = near.astype(np.float64) - centre
    if len(near) < settings.min_inliers:
        raise NoSupport(len(near), len(points), float(centre[2]))
    planes = _hypotheses(near, settings)
    if len(planes) == 0:
        raise NoSupport(0, len(points), float(centre[2]))
    sample = near[:: max(1, len(near) // 1500)]
    distance = sample @ planes[:, :3].T + planes[:, 3]
    # Tops of equal parts make a plane too; only the support has nothing under it.
    score = (np.abs(distance) < settings.inlier_distance).sum(0) - 2 * (
        distance < -settings.inlier_distance
    ).sum(0)
    best = planes[int(np.argmax(score))]
    plane = Plane(best[:3].copy(), float(best[3]))
    for limit in (settings.inlier_distance, 0.75 * settings.inlier_distance):
        inliers = np.abs(plane.signed_distance(near)) < limit
        if inliers.sum() < settings.min_inliers:
            break
        plane = fit_plane(near[inliers])
        if plane.normal[2] < 0.0:
            plane = Plane(-plane.normal, -plane.offset)
    count = int((np.abs(plane.signed_distance(near)) < settings.inlier_distance).sum())
    if count < max(settings.min_inliers, settings.min_inlier_fraction * len(points)):
        raise NoSupport(count, len(points), float(centre[2]))
    return Plane(plane.normal, float(plane.offset - plane.normal @ centre))


def _hypotheses(points: FloatArray, settings: SupportSettings) -> FloatArray:
    """Planes (M, 4) through random triples that are level enough and pass near the origin."""
    rng = np.random.default_rng(settings.seed)
    a, b, c = points[rng.integers(0, len(points), (3, 4 * settings.hypotheses))]
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1)
    # Triples that nearly lie on a line give a plane of noise.
    wide = length > 1e-3
    normals = normals[wide] / length[wide, None]
    normals *= np.sign(normals[:, 2:3])
    offsets = -(normals * a[wide]).sum(1)
    level = (normals[:, 2] > np.cos(settings.max_tilt)) & (np.abs(offsets) < settings.height_tolerance)
    planes: FloatArray = np.column_stack([normals, offsets])[level][: settings.hypotheses]
    return planes
