"""Free, occupied and unknown space around a part, from one depth view.

The view is turned into height maps over the support: for a camera that looks down, a column is free from
above until it meets an observed surface or the shadow behind one, so two heights per column say all that a
hand coming from above has to know. Source of the free / occupied / unknown distinction by ray casting: A.
Elfes, "Using occupancy grids for mobile robot perception and navigation", 1989; the height map form follows
I.-S. Kweon and T. Kanade, "High-resolution terrain map from multiple sensor data", 1992 (locus of the
shadow).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray, invert, transform_points
from lab_core.scene import DepthImage, DepthView, Part, Scene
from lab_grasping.scene import support_from_base, support_of, view_of

Labels = npt.NDArray[np.int32]

CELL = 0.003
"""Edge of a column, metres: about one pixel of the reduced view at the usual distance."""
LABELLED_HEIGHT = 0.003
UNLABELLED_HEIGHT = 0.010
"""Heights above the support, metres, from which a pixel stands for a thing: one that belongs to a segment,
and one that does not (three sigma of a stereo camera's noise at 0.8 m is 5 mm)."""
LABEL_REACH = 3.0
HOLE_REACH = 6.0
"""Pixels over which a label spreads to raised neighbours, and over which holes in the depth are filled."""
RIM = 3
"""Pixels beside a part that count as next to it."""
NOTHING = -1.0
"""Height of a column that no ray reached."""
UNSEEN_HEIGHT = 0.04
"""Height up to which columns that no ray reached count as unknown, metres."""
SMALL, LARGE = 0.03, 0.07
"""Radii of the neighbourhoods for which the greatest height is kept, metres."""


@dataclass(frozen=True, slots=True)
class LabelledView:
    """The depth view in the support frame.

    points: (H, W, 3) metres, NaN without data. labels: (H, W), -1 support or nothing, 0 thing without a
    segment, k the k-th object of the scene, counted from 1. eye: (3,) camera centre. pixel_from_support: (3,
    4) projection. depth: (H, W) metres, holes filled from their nearest neighbour where that is near.
    """

    points: FloatArray
    labels: Labels
    eye: FloatArray
    pixel_from_support: FloatArray
    depth: DepthImage

    def depth_margin(self, points: FloatArray) -> FloatArray:
        """How far points (N, 3) lie behind the observed surface along the optical axis, metres.

        Negative: in front of it, so the point is free. NaN: out of view or no data.
        """
        homogeneous = points @ self.pixel_from_support[:, :3].T + self.pixel_from_support[:, 3]
        z = homogeneous[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            column = np.rint(homogeneous[:, 0] / z)
            row = np.rint(homogeneous[:, 1] / z)
        height, width = self.depth.shape
        visible = (z > 1e-6) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
        margin = np.full(len(points), np.nan)
        margin[visible] = z[visible] - self.depth[row[visible].astype(int), column[visible].astype(int)]
        return margin

    def support_around(self, label: int) -> float:
        """Share of the pixels next to a part that show the support."""
        own = self.labels == label
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        if len(rows) == 0:
            return 0.0
        window = (
            slice(max(rows[0] - RIM, 0), rows[-1] + RIM + 1),
            slice(max(columns[0] - RIM, 0), columns[-1] + RIM + 1),
        )
        grown = cv2.dilate(own[window].astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1), dtype=np.uint8))
        rim = (grown > 0) & ~own[window] & np.isfinite(self.depth[window])
        return float(np.mean(self.labels[window][rim] == -1)) if rim.any() else 0.0


class SpaceMaps(NamedTuple):
    """Height maps around one part, metres above the support, in the support frame; compiled loops take it.

    origin: (2,) x and y of the corner of cell (0, 0).
    heights: (5, ny, nx), NOTHING where no ray fell:
    0 occupied, the top of what was observed and is not the part;
    1 shadow, below which space is unknown because something else is in front;
    2 own shadow, unknown because of the part itself;
    3, 4 the greatest of all three within SMALL and LARGE of the cell.
    seen: (ny, nx) where a ray fell.
    """

    origin: FloatArray
    heights: DepthImage
    seen: npt.NDArray[np.bool_]


def label_view(scene: Scene) -> LabelledView:
    """Say of each pixel of the view which object it shows, from the objects' points."""
    view = view_of(scene)
    to_support = support_from_base(support_of(scene))
    support_from_camera = to_support @ view.base_from_camera
    depth = _fill_holes(view.depth)
    points = transform_points(support_from_camera, view.camera.deproject(depth))
    camera_from_support = invert(support_from_camera)
    raised = points[..., 2] > LABELLED_HEIGHT
    high = points[..., 2] > UNLABELLED_HEIGHT
    seeds = _seed_labels(view, scene.objects)
    nearest, distance = _spread(seeds)
    labels = np.full(depth.shape, -1, dtype=np.int32)
    labels[high] = 0
    reached = raised & (distance <= LABEL_REACH)
    labels[reached] = nearest[reached]
    return LabelledView(
        points=points,
        labels=labels,
        eye=support_from_camera[:3, 3].copy(),
        pixel_from_support=view.camera.matrix @ camera_from_support[:3],
        depth=depth,
    )


def map_space(
    view: LabelledView, label: int, centre: FloatArray, half_size: float, margin: float, miss: float = 0.0
) -> SpaceMaps:
    """Height maps of a square of the given half size, metres, around a centre (2,) on the support.

    label: of the part in question. margin: by which everything but the part is grown sideways, metres. miss:
    by which it is grown upwards, metres.
    """
    cells = int(np.ceil(2.0 * half_size / CELL))
    origin = centre - half_size
    maps = np.full((3, cells, cells), NOTHING, dtype=np.float32)
    seen = np.zeros((cells, cells), dtype=np.bool_)
    _cast(view.points, view.labels, label, view.eye, origin[0], origin[1], CELL, maps, seen)
    known = cv2.dilate(seen.astype(np.uint8), np.ones((5, 5), dtype=np.uint8)).astype(np.bool_)
    reach = max(1, int(np.ceil(margin / CELL - 1e-6)))
    maps[0][maps[0] > NOTHING] += np.float32(miss)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    layers = [
        cv2.dilate(maps[0], kernel),
        cv2.dilate(maps[1], kernel),
        cv2.dilate(maps[2], np.ones((3, 3), np.uint8)),
    ]
    summit = np.maximum(np.maximum(layers[0], layers[1]), layers[2])
    summit = np.where(known, summit, np.maximum(summit, np.float32(UNSEEN_HEIGHT)))
    for radius in (SMALL, LARGE):
        side = 2 * int(np.ceil(radius / CELL)) + 1
        layers.append(cv2.dilate(summit, np.ones((side, side), dtype=np.uint8)))
    return SpaceMaps(origin=origin, heights=np.stack(layers), seen=known)


def _fill_holes(depth: DepthImage) -> DepthImage:
    valid = np.isfinite(depth) & (depth > 0.0)
    if valid.all() or not valid.any():
        return np.where(valid, depth, np.float32(np.nan))
    distance, nearest = cv2.distanceTransformWithLabels(
        (~valid).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros(int(nearest.max()) + 1, dtype=np.float32)
    lookup[nearest[valid]] = depth[valid]
    filled: DepthImage = np.where(distance <= HOLE_REACH, lookup[nearest], np.float32(np.nan)).astype(
        np.float32
    )
    return filled


def _seed_labels(view: DepthView, objects: tuple[Part, ...]) -> Labels:
    """(H, W) label of the object whose point falls on the pixel; 0 where none does."""
    height, width = view.depth.shape
    seeds = np.zeros((height, width), dtype=np.int32)
    camera_from_base = invert(view.base_from_camera)
    for label, item in enumerate(objects, start=1):
        pixels = view.camera.project(transform_points(camera_from_base, item.points))
        pixels = np.rint(pixels[np.isfinite(pixels).all(axis=1)]).astype(int)
        inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)
        seeds[pixels[inside, 1], pixels[inside, 0]] = label
    return seeds


def _spread(seeds: Labels) -> tuple[Labels, DepthImage]:
    """Nearest label of each pixel and its distance, pixels."""
    if not seeds.any():
        return seeds, np.full(seeds.shape, np.inf, dtype=np.float32)
    distance, index = cv2.distanceTransformWithLabels(
        (seeds == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros(int(index.max()) + 1, dtype=np.int32)
    lookup[index[seeds > 0]] = seeds[seeds > 0]
    return lookup[index], distance.astype(np.float32)


@compiled
def _cast(
    points: FloatArray,
    labels: Labels,
    own: int,
    eye: FloatArray,
    x0: float,
    y0: float,
    cell: float,
    maps: DepthImage,
    seen: npt.NDArray[np.bool_],
) -> None:
    """Follow each ray from the surface that it met down to the support; keep the greatest height per
    column.
    """
    _, ny, nx = maps.shape
    for row in range(points.shape[0]):
        for column in range(points.shape[1]):
            x, y, z = points[row, column, 0], points[row, column, 1], points[row, column, 2]
            if not np.isfinite(z):
                continue
            label = labels[row, column]
            i, j = int(np.floor((y - y0) / cell)), int(np.floor((x - x0) / cell))
            if label < 0:
                if 0 <= i < ny and 0 <= j < nx:
                    seen[i, j] = True
                continue
            if label != own and 0 <= i < ny and 0 <= j < nx:
                maps[0, i, j] = max(maps[0, i, j], z)
            down = eye[2] - z
            if down < 1e-6:
                continue
            # metres of x and y for each metre that the ray falls
            slope_x, slope_y = (x - eye[0]) / down, (y - eye[1]) / down
            layer = 2 if label == own else 1
            level = max(abs(slope_x), abs(slope_y))
            steps = int(z * level / (0.8 * cell)) + 1
            for k in range(steps + 1):
                fall = z * k / steps
                i = int(np.floor((y + slope_y * fall - y0) / cell))
                j = int(np.floor((x + slope_x * fall - x0) / cell))
                if 0 <= i < ny and 0 <= j < nx:
                    seen[i, j] = True
                    maps[layer, i, j] = max(maps[layer, i, j], z - fall)
