"""What the camera did not see of a part: its mirrored back, and its sides down to what it stands on.

Source of the mirror: J. Bohg et al., "Mind the gap - robotic grasping under incomplete observation", ICRA
2011: most things have a vertical plane of symmetry; each hypothesis is judged by whether the mirrored points
could have stayed unseen. Sides are extruded from the outline, since parts on a support mostly stand or lie on
a flat face. Everything is in the support frame: z up, z = 0 the support.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, minimum_area_rectangle
from lab_grasping.near import near
from lab_grasping.space import LabelledView

SPACING = 0.0025
"""Distance of neighbouring points of a shape, metres; grows for large parts so that MAX_POINTS holds."""
MAX_POINTS = 700
OBSERVED, MIRRORED, EXTRUDED = 1.0, 0.6, 0.5
"""Confidence in a point by where it comes from."""
VISIBILITY_TOLERANCE = 0.006
"""Depth by which a supposed point may lie in front of the observed surface, metres: sensor noise and pixel
size."""
MAX_CONTRADICTION = 0.06
"""Share of mirrored points that may lie in space that was seen to be empty."""
STANDING_HEIGHT = 0.012
"""A part that was seen down to this height, metres, stands on the support: noise and pixel size hide its rim.
So does a part that the support surrounds in the image, though only its top was seen."""
YAWS = 12
SYMMETRY_SAMPLE = 120
OUTLINE_CELL = 0.0025
WALL_STEP = 0.004


@dataclass(frozen=True, slots=True)
class Shape:
    """Surface of one part, seen and supposed, in the support frame.

    points, normals: (N, 3) metres and unit outward. confidence: (N,) 0..1, 1 for what was observed.
    centre: (3,) of the volume under the surface. bottom: lowest height of the part, metres.
    """

    points: FloatArray
    normals: FloatArray
    confidence: FloatArray
    centre: FloatArray
    bottom: float

    @property
    def top(self) -> float:
        """Greatest height, metres."""
        return float(self.points[:, 2].max())

    @property
    def breadth(self) -> float:
        """Shorter side of the smallest rectangle around the outline, metres."""
        _, size, _ = minimum_area_rectangle(self.points[:, :2])
        return float(size[1])


def thin_out(points: FloatArray, normals: FloatArray, spacing: float) -> tuple[FloatArray, FloatArray]:
    """Average points (N, 3) and normals over cubes of the given edge; cubes in a fixed order."""
    keys = np.floor((points - points.min(axis=0)) / spacing).astype(np.int64)
    extent = keys.max(axis=0) + 1
    flat = (keys[:, 0] * extent[1] + keys[:, 1]) * extent[2] + keys[:, 2]
    _, index, counts = np.unique(flat, return_inverse=True, return_counts=True)
    sums = [np.bincount(index, weights=column) for column in (*points.T, *normals.T)]
    mean_points = np.stack(sums[:3], axis=1) / counts[:, None]
    mean_normals = np.stack(sums[3:], axis=1)
    length = np.linalg.norm(mean_normals, axis=1)
    keep = length > 0.3 * counts
    return mean_points[keep], mean_normals[keep] / length[keep, None]


def complete(points: FloatArray, normals: FloatArray, view: LabelledView, label: int) -> Shape:
    """Shape of the part `label` of the view, of which points (N, 3) with normals were observed, N >= 10."""
    spacing = SPACING
    seen, seen_normals = thin_out(points, normals, spacing)
    if len(seen) > MAX_POINTS:
        spacing *= float(np.sqrt(len(seen) / MAX_POINTS))
        seen, seen_normals = thin_out(points, normals, spacing)
    bottom = float(np.quantile(seen[:, 2], 0.02))
    if bottom < STANDING_HEIGHT or view.support_around(label) > 0.5:
        bottom = 0.0
    parts = [(seen, seen_normals, np.full(len(seen), OBSERVED))]
    mirrored = _mirror(seen, seen_normals, spacing, view)
    if len(mirrored[0]):
        parts.append((*mirrored, np.full(len(mirrored[0]), MIRRORED)))
    surface = np.concatenate([part[0] for part in parts])
    walls, wall_normals, centre = _extrude(surface, bottom)
    if len(walls):
        known = near(surface, walls, 1.2 * spacing)
        margin = view.depth_margin(walls)
        keep = ~known & ~(margin < -VISIBILITY_TOLERANCE)
        parts.append((walls[keep], wall_normals[keep], np.full(int(keep.sum()), EXTRUDED)))
    return Shape(
        points=np.ascontiguousarray(np.concatenate([part[0] for part in parts])),
        normals=np.ascontiguousarray(np.concatenate([part[1] for part in parts])),
        confidence=np.concatenate([part[2] for part in parts]),
        centre=centre,
        bottom=bottom,
    )


def _mirror(
    points: FloatArray, normals: FloatArray, spacing: float, view: LabelledView
) -> tuple[FloatArray, FloatArray]:
    """Mirrored points and normals that stayed unseen, of the best vertical plane; empty if none explains the
    view.
    """
    empty = np.empty((0, 3))
    sample = points[:: max(1, len(points) // SYMMETRY_SAMPLE)]
    directions, offsets = _planes(points, normals, view.eye)
    image = np.repeat(sample[None], len(offsets), axis=0)
    beyond = sample[:, :2] @ directions.T - offsets
    image[:, :, :2] -= 2.0 * beyond.T[:, :, None] * directions[:, None, :]
    contradiction = np.mean(
        view.depth_margin(image.reshape(-1, 3)).reshape(beyond.T.shape) < -VISIBILITY_TOLERANCE, axis=1
    )
    possible = np.flatnonzero(contradiction <= MAX_CONTRADICTION)
    if len(possible) == 0:
        return empty, empty
    repeated = near(points, image[possible].reshape(-1, 3), 2.0 * spacing)
    coincide = np.mean(repeated.reshape(len(possible), -1), axis=1)
    size = offsets[possible] - (points[:, :2] @ directions[possible].T).min(axis=0)
    # what repeats the seen surface supports the plane; a deeper supposed part needs more support
    score = 0.75 * coincide - 3.0 * contradiction[possible] - 1.5 * size
    best = possible[np.argmax(score)]
    axis = np.append(directions[best], 0.0)
    image = points - 2.0 * ((points[:, :2] @ directions[best] - offsets[best])[:, None]) * axis
    image_normals = normals - 2.0 * (normals @ axis)[:, None] * axis
    keep = ~near(points, image, 1.5 * spacing) & ~(view.depth_margin(image) < 0.5 * VISIBILITY_TOLERANCE)
    return image[keep], image_normals[keep]


def _planes(points: FloatArray, normals: FloatArray, eye: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Vertical planes to try: horizontal unit normals (H, 2) pointing away from the camera, and offsets
    (H,).
    """
    flat = points[:, :2]
    _, _, yaw = minimum_area_rectangle(flat)
    away = flat.mean(axis=0) - eye[:2]
    azimuth = float(np.arctan2(away[1], away[0]))
    yaws = np.array([yaw, yaw + np.pi / 2, *(azimuth + np.pi * k / YAWS for k in range(YAWS))])
    directions = np.stack([np.cos(yaws), np.sin(yaws)], axis=1)
    directions[directions @ away < 0.0] *= -1.0
    along = np.sort(flat @ directions.T, axis=0)
    low, high = along[len(along) // 100], along[-1 - len(along) // 100]
    # the ridge: where the surface turns from facing the camera to facing away
    facing = np.abs(normals[:, :2] @ directions.T) < 0.2
    count = facing.sum(axis=0)
    ridge = np.where(
        count > 4, np.sum((flat @ directions.T) * facing, axis=0) / np.maximum(count, 1), 0.5 * (low + high)
    )
    offsets = np.concatenate([0.5 * (low + high), ridge, 0.25 * low + 0.75 * high, high])
    return np.tile(directions, (4, 1)), offsets


def _extrude(surface: FloatArray, bottom: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Walls from the outline of each level of the height map down to the bottom, and the centre of the
    volume.
    """
    lower = surface[:, :2].min(axis=0) - 3.0 * OUTLINE_CELL
    cells = np.floor((surface[:, :2] - lower) / OUTLINE_CELL).astype(int)
    shape = cells.max(axis=0) + 4
    height = np.full((shape[1], shape[0]), bottom, dtype=np.float32)
    np.maximum.at(height, (cells[:, 1], cells[:, 0]), surface[:, 2].astype(np.float32))
    height = cv2.morphologyEx(height, cv2.MORPH_CLOSE, np.ones((3, 3), dtype=np.uint8))
    volume = height - bottom
    total = float(volume.sum()) + 1e-9
    rows, columns = np.indices(height.shape)
    centre = np.array(
        [
            lower[0] + OUTLINE_CELL * (float((columns * volume).sum()) / total + 0.5),
            lower[1] + OUTLINE_CELL * (float((rows * volume).sum()) / total + 0.5),
            bottom + 0.5 * float((volume**2).sum()) / total,
        ]
    )
    walls, wall_normals = [], []
    for level in np.arange(bottom + 0.5 * WALL_STEP, float(height.max()), WALL_STEP):
        inside = (height >= level).astype(np.float32)
        smooth = cv2.GaussianBlur(inside, (5, 5), 1.2)
        eroded = cv2.erode(inside, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
        edge_rows, edge_columns = np.nonzero((inside > 0) & (eroded == 0))
        slope_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)[edge_rows, edge_columns]
        slope_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)[edge_rows, edge_columns]
        length = np.hypot(slope_x, slope_y)
        sound = length > 1e-3
        normal = np.stack([-slope_x, -slope_y, np.zeros_like(slope_x)], axis=1)[sound] / length[sound, None]
        position = np.stack([edge_columns, edge_rows], axis=1)[sound] + 0.5
        points = np.column_stack([lower + OUTLINE_CELL * position, np.full(len(position), level)])
        walls.append(points + 0.25 * OUTLINE_CELL * normal)
        wall_normals.append(normal)
    if not walls:
        return np.empty((0, 3)), np.empty((0, 3)), centre
    walls_array: npt.NDArray[np.float64] = np.concatenate(walls)
    return walls_array, np.concatenate(wall_normals).astype(np.float64), centre
