"""Parts that lie on others, told from them by their height.

A small part in the middle of a larger one looks like its print: the network takes the two for one, as their
middles are the same. A flat top that stands out of another flat top, which goes on around it, is a part on a
part. The rim of a cup is no such thing: what it stands out of, it surrounds.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lab_perception.frame import ByteImage, Float32Image, Mask
from lab_perception.superpixels import LabelImage
from lab_perception.surface import Surface

# Cosine of how far a normal leans on a flat top, and how much its heights scatter, metres.
_UPRIGHT, _EVEN = 0.9, 0.004
# Share of the pixels of a top that are so even.
_MOST = 0.7
# Square metres of what is seen of the upper and of the lower top.
_UPPER, _LOWER = 3e-4, 5e-4
# Share of the border of what stands out along which the lower part goes on.
_AROUND = 0.55
# What is higher than the lower top by this share of the step, and metres, belongs to the upper part.
_FOOT, _LEAST_FOOT = 0.25, 0.005
_CLOSE = np.ones((3, 3), np.uint8)
# Share of the lower top within the hull of what stands out from which that is a rim.
_SURROUNDED = 0.35
# Pixels that the border of what stands out may be wrong by.
_BLUR = 3


def split_stacks(labels: LabelImage, color: ByteImage, surface: Surface, least_step: float) -> LabelImage:
    """Labels (h, w) with a number of its own for each part that lies on another.

    color: (h, w, 3) RGB. least_step: metres by which a top stands out of the other at least; 0: nothing is
    split.
    """
    if least_step <= 0.0:
        return labels
    up = surface.support.normal.astype(np.float32)
    count = int(labels.max(initial=-1)) + 1
    split = labels.copy()
    for label in range(count):
        mask = labels == label
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        window = (slice(top, top + height), slice(left, left + width))
        inside = mask[window]
        points = surface.points[window]
        heights = points @ up + np.float32(surface.support.offset)
        known = inside & surface.foreground[window]
        flat = known & (surface.normals[window] @ up > _UPRIGHT)
        areas = _pixel_areas(surface, points)
        above = _upper(inside, known, flat, heights, areas, least_step)
        if above is not None:
            split[window][_along_edges(above, inside, color[window])] = count
            count += 1
    return split


def _upper(
    inside: Mask, known: Mask, flat: Mask, heights: Float32Image, areas: Float32Image, least_step: float
) -> Mask | None:
    """The pixels of the part that lies on the one of a mask; None where none does."""
    levels = heights[flat]
    if len(levels) < 40 or float(np.ptp(levels)) < least_step:
        return None
    low, high = _two_levels(levels)
    if high - low < least_step:
        return None
    middle = 0.5 * (low + high)
    tops = []
    for level, its, least in (
        (low, flat & (heights < middle), _LOWER),
        (high, flat & (heights >= middle), _UPPER),
    ):
        even = its & (np.abs(heights - level) < _EVEN)
        if float(areas[even].sum()) < least or np.count_nonzero(even) < _MOST * np.count_nonzero(its):
            return None
        tops.append(even.astype(np.uint8))
    foot = low + max(_FOOT * (high - low), _LEAST_FOOT)
    raised = (known & (heights > foot)).astype(np.uint8)
    opened = cv2.morphologyEx(raised, cv2.MORPH_OPEN, _CLOSE)
    count, pieces = cv2.connectedComponents(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _CLOSE), connectivity=4)
    if count < 2:
        return None
    piece = int(np.argmax(np.bincount(pieces[flat & (heights >= middle)], minlength=count)[1:])) + 1
    above: Mask = (pieces == piece) & inside
    ring = cv2.dilate(above.astype(np.uint8), _CLOSE).astype(bool) & ~above
    padded = np.pad(above, 1)
    border = cv2.dilate(padded.astype(np.uint8), _CLOSE).astype(bool) & ~padded
    if np.count_nonzero(ring & inside) < _AROUND * np.count_nonzero(border):
        return None
    surrounded = cv2.countNonZero(cv2.bitwise_and(_hull(above), tops[0]))
    return above if surrounded < _SURROUNDED * cv2.countNonZero(tops[0]) else None


def _hull(mask: Mask) -> npt.NDArray[np.uint8]:
    """The convex hull of a mask, 0 or 1."""
    rows, columns = np.nonzero(mask)
    filled = np.zeros(mask.shape, np.uint8)
    corners = cv2.convexHull(np.column_stack([columns, rows]).astype(np.int32))
    return cv2.fillConvexPoly(filled, corners, 1).astype(np.uint8, copy=False)


def _along_edges(above: Mask, inside: Mask, color: ByteImage) -> Mask:
    """The mask with its border moved to where the image has an edge: a stereo camera blurs it by pixels."""
    seeds = np.zeros(above.shape, np.int32)
    seeds[cv2.erode(above.astype(np.uint8), _CLOSE, iterations=_BLUR) > 0] = 1
    seeds[(cv2.dilate(above.astype(np.uint8), _CLOSE, iterations=_BLUR) == 0) | ~inside] = 2
    if not (seeds == 1).any():
        return above
    found = cv2.watershed(np.ascontiguousarray(color), seeds)
    moved = cv2.dilate(((found == 1) & inside).astype(np.uint8), _CLOSE)
    result: Mask = (moved > 0) & inside & (found != 2)
    return result


def _two_levels(levels: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Medians of the two groups that heights fall into (N. Otsu, 1979)."""
    lowest, highest = float(levels.min()), float(levels.max())
    codes = np.round((levels - lowest) / (highest - lowest) * 255.0).astype(np.uint8)
    split, _ = cv2.threshold(codes.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    lower = codes <= split
    if lower.all() or not lower.any():
        return lowest, lowest
    return float(np.median(levels[lower])), float(np.median(levels[~lower]))


def _pixel_areas(surface: Surface, points: Float32Image) -> Float32Image:
    """(h, w) square metres that a pixel covers on a surface across its ray."""
    camera = surface.view.camera
    away = points - surface.view.base_from_camera[:3, 3].astype(np.float32)
    areas: Float32Image = np.sum(away * away, axis=-1) / np.float32(camera.fx * camera.fy)
    return areas
