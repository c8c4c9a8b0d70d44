"""From the pixels of a part to its box, colour and point segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import (
    FloatArray,
    OrientedBox,
    PinholeCamera,
    Plane,
    invert,
    make_transform,
    minimum_area_rectangle,
)
from lab_core.scene import Part
from lab_perception.color_names import color_name, color_shares
from lab_perception.detector import Instance
from lab_perception.frame import Float32Image, RgbdFrame, WorkArea
from lab_perception.surface import Surface

_NEIGHBOURS = np.ones((3, 3), np.uint8)
# Depth that differs within three pixels by more than so many widths of a pixel is a jump: a surface would
# lean by 84 degrees.
_JUMP = 19.0
# Share of a part's pixels below which a piece beyond a jump is none of it.
_LEAST_PIECE = 0.05


@dataclass(frozen=True, slots=True)
class ObjectSettings:
    """voxel: edge of the cells that points are averaged over, metres; max_points: of a segment; min_points:
    for anything to be said about a part at all.
    """

    voxel: float = 0.002
    max_points: int = 2000
    min_points: int = 20


def describe(
    frame: RgbdFrame,
    surface: Surface,
    instances: Sequence[Instance],
    area: WorkArea,
    settings: ObjectSettings | None = None,
) -> list[Part]:
    """Parts, without ids yet, of all instances whose footprint has its centre in the work area, in the order
    of the instances; in the base frame.

    The box has z along the support's normal, x along the longer side of the footprint. Instances with hardly
    any measured surface are left out.
    """
    settings = settings or ObjectSettings()
    color = surface.view.crop(frame.color)
    support_from_base = support_frame(surface.support)
    objects = []
    for instance in instances:
        left, top, width, height = cv2.boundingRect(instance.mask.view(np.uint8))
        window = (slice(top, top + height), slice(left, left + width))
        mask = instance.mask[window]
        solid = without_flying_pixels(
            mask & surface.foreground[window], surface.inverse_depth[window], surface.view.camera
        )
        points = surface.points[window][solid]
        if len(points) < settings.min_points:
            continue
        box = box_on_support(points, support_from_base)
        if not np.all((box.centre >= area.lower) & (box.centre <= area.upper), where=[True, True, False]):
            continue
        reduced = reduce_points(points, surface.normals[window][solid], settings.voxel, settings.max_points)
        rgb = dominant_color(color[window][mask])
        outline, filled = outline_of(mask, surface.view.camera, left, top)
        objects.append(
            Part(
                id="",
                box=box,
                points=reduced[0],
                normals=reduced[1],
                color=rgb,
                color_name=color_name(rgb),
                truncated=_touches_border(frame, surface, window),
                hypotheses=instance.hypotheses,
                colours=color_shares(color[window][mask], rgb),
                outline=outline,
                filled=filled,
            )
        )
    return objects


def without_flying_pixels(
    mask: npt.NDArray[np.bool_], inverse_depth: Float32Image, camera: PinholeCamera
) -> npt.NDArray[np.bool_]:
    """The pixels (h, w) of a part that hang together in depth, without those that only its outline holds.

    Stereo depth does not end where the colour does: at its rim a part is given pixels of what lies behind it,
    and some between the two. They are few, and make it centimetres longer. What is seen in two large pieces,
    with something in front of the middle, keeps both.
    """
    depth = np.where(mask, 1.0 / np.maximum(inverse_depth, np.float32(1e-6)), np.float32(0.0))
    depth = depth.astype(np.float32, copy=False)
    farthest = cv2.dilate(depth, _NEIGHBOURS)
    nearest = cv2.erode(np.where(mask, depth, np.float32(np.inf)), _NEIGHBOURS)
    jump = mask & (farthest - nearest > np.float32(_JUMP / camera.fx) * depth)
    if not jump.any():
        return mask
    _, pieces, statistics, _ = cv2.connectedComponentsWithStats((mask & ~jump).view(np.uint8), connectivity=4)
    large = statistics[:, cv2.CC_STAT_AREA] >= _LEAST_PIECE * np.count_nonzero(mask)
    large[0] = False
    kept: npt.NDArray[np.bool_] = large[pieces]
    return kept if large.any() else mask


def box_on_support(points: npt.NDArray[np.float32], support_from_base: FloatArray) -> OrientedBox:
    """Upright box of least footprint around points (N, 3), from their top down to the support."""
    local = points @ support_from_base[:3, :3].T.astype(np.float32)
    centre, footprint, yaw = minimum_area_rectangle(np.ascontiguousarray(local[:, :2]))
    # The hundredth part of the points is noise, or less than a grasp can rest on.
    rank = len(local) - 1 - len(local) // 100
    height = float(np.partition(local[:, 2], rank)[rank] + support_from_base[2, 3])
    size = np.maximum([footprint[0], footprint[1], height], 1e-3)
    cosine, sine = np.cos(yaw), np.sin(yaw)
    turn = [[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]]
    return OrientedBox(invert(support_from_base) @ make_transform(turn, [*centre, size[2] / 2]), size)


def support_frame(support: Plane) -> FloatArray:
    """(4, 4) support_from_base: z is the height above the support; x lies along that of the base, as far as
    it can.
    """
    z = support.normal
    x = np.array([1.0, 0.0, 0.0]) - z[0] * z
    x /= np.linalg.norm(x)
    return make_transform(np.stack([x, np.cross(z, x), z]), [0.0, 0.0, support.offset])


def reduce_points(
    points: npt.NDArray[np.float32], normals: npt.NDArray[np.float32], voxel: float, max_points: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Means of points and normals (N, 3) over the cells of a grid, coarser where more than max_points would
    remain.
    """
    reduced, directions = _cell_means(points, normals, np.float32(voxel))
    while len(reduced) > max_points:
        voxel *= 1.05 * np.sqrt(len(reduced) / max_points)
        reduced, directions = _cell_means(points, normals, np.float32(voxel))
    length = np.linalg.norm(directions, axis=1, keepdims=True)
    # Normals of a thin edge point to both sides: their mean says nothing.
    good = length[:, 0] > 0.3
    return reduced[good], directions[good] / length[good]


@compiled
def _cell_means(
    points: npt.NDArray[np.float32], normals: npt.NDArray[np.float32], voxel: np.float32
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    count = len(points)
    keys = np.empty(count, np.int64)
    for i in range(count):
        key = np.int64(0)
        for axis in range(3):
            key = key * 2097152 + np.int64(np.floor(points[i, axis] / voxel)) + 1048576
        keys[i] = key
    order = np.argsort(keys, kind="mergesort")
    positions = np.zeros((count, 3), np.float32)
    directions = np.zeros((count, 3), np.float32)
    cells = 0
    start = 0
    while start < count:
        end = start
        while end < count and keys[order[end]] == keys[order[start]]:
            for axis in range(3):
                positions[cells, axis] += points[order[end], axis]
                directions[cells, axis] += normals[order[end], axis]
            end += 1
        for axis in range(3):
            positions[cells, axis] /= np.float32(end - start)
            directions[cells, axis] /= np.float32(end - start)
        cells += 1
        start = end
    return positions[:cells], directions[:cells]


def outline_of(
    mask: npt.NDArray[np.bool_], camera: PinholeCamera, left: int, top: int
) -> tuple[FloatArray, float]:
    """Convex outline (M, 2) of a mask as tangents x/z and y/z, and the share of it that the mask covers.

    left, top: of the mask in the image of the camera, pixels.
    """
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(np.vstack(contours))[:, 0].astype(np.float64)
    area = cv2.contourArea(hull.astype(np.float32))
    # the outline runs through the middles of pixels: half a perimeter and one pixel of area lie outside of it
    area += 0.5 * cv2.arcLength(hull.astype(np.float32), True) + 1.0
    principal = np.array([camera.cx - left, camera.cy - top])
    outline: FloatArray = (hull - principal) / np.array([camera.fx, camera.fy])
    return outline, min(float(np.count_nonzero(mask)) / area, 1.0)


def dominant_color(pixels: npt.NDArray[np.uint8]) -> FloatArray:
    """(3,) RGB 0..1 of pixels (N, 3): the median of the brighter half, for shade is not paint."""
    values = pixels[:: max(1, len(pixels) // 500)].astype(np.float32)
    lightness = values.sum(axis=1)
    middle = len(values) // 2
    lit = values[np.argpartition(lightness, middle)[middle:]]
    result: FloatArray = np.median(lit, axis=0).astype(np.float64) / 255.0
    return result


def _touches_border(frame: RgbdFrame, surface: Surface, window: tuple[slice, slice]) -> bool:
    """Whether a window of the view reaches the outermost pixels of the full image."""
    top, left = surface.view.top + window[0].start, surface.view.left + window[1].start
    bottom, right = surface.view.top + window[0].stop, surface.view.left + window[1].stop
    height, width = frame.depth.shape
    return bool(top <= 1 or left <= 1 or bottom >= height - 1 or right >= width - 1)
