"""Whether colour and depth show the same place at the same pixel.

Where height steps, a part ends, and its colour mostly does too, along the same line. The directions of the
edges of both images are correlated over all shifts: the best one is where they belong together. Direction,
as the doubled angle, tells edges from print better than strength does (doubled angle representation:
G. H. Granlund, "In search of a general picture processing operator", 1978).
"""

from __future__ import annotations

import cv2
import numpy as np

from lab_core.geometry import Plane
from lab_perception.frame import ByteImage, Float32Image, RgbdFrame
from lab_perception.parts_network import network_view
from lab_perception.view import View

# The search runs over images of about this many pixels, in shifts of up to so many of theirs.
_PIXELS = 320 * 240
_REACH = 24
# Metres of a step in height, within three pixels, and the heights between which it is looked for.
_STEP, _LOWEST, _HIGHEST = 0.012, -0.05, 0.3
# Strongest gradient of colour that counts.
_STRONGEST = 120.0
# Pixels on such steps without which nothing can be said.
_LEAST_EDGES = 300
# In deviations of all shifts: how high the best one stands out, and at which share of that the right one is
# out of the question. Over 75 photographs, also changed ones, it was at 0.94 or more.
_CLEAR, _SHARE = 4.5, 0.7
# Shifts, in pixels of the search, around none that are right, and up to which nothing is said: stereo cameras
# move edges by that much.
_RIGHT, _SLIGHT = 2, 4


def colour_shift(frame: RgbdFrame, view: View, support: Plane) -> tuple[int, int] | None:
    """By how many pixels (right, down) colour lies beside depth, where it clearly does.

    view: of the work area in the frame.
    """
    depth, color = view.crop(frame.depth), view.crop(frame.color)
    stride = max(1, round(float(np.sqrt(depth.size / _PIXELS))))
    rows, columns = depth.shape[0] // stride, depth.shape[1] // stride
    reach = min(_REACH, rows // 4, columns // 4)
    if reach <= _SLIGHT:
        return None
    steps = _steps(frame, view, support, stride, rows, columns)
    if steps is None:
        return None
    small = cv2.resize(
        color[: rows * stride, : columns * stride], (columns, rows), interpolation=cv2.INTER_AREA
    )
    edges = _edges(small.astype(np.uint8, copy=False))
    inner = (slice(reach, rows - reach), slice(reach, columns - reach))
    score = sum(
        cv2.matchTemplate(of_color, np.ascontiguousarray(of_depth[inner]), cv2.TM_CCORR)
        for of_color, of_depth in zip(edges, steps, strict=True)
    )
    score = np.asarray(score) - np.median(score)
    deviation = 1.48 * float(np.median(np.abs(score)))
    down, across = (int(each) - reach for each in np.unravel_index(int(np.argmax(score)), score.shape))
    around = slice(reach - _RIGHT, reach + _RIGHT + 1)
    best, right = float(score.max()), float(score[around, around].max())
    if np.hypot(across, down) <= _SLIGHT or best < _CLEAR * deviation or right > _SHARE * best:
        return None
    return across * stride, down * stride


def _steps(
    frame: RgbdFrame, view: View, support: Plane, stride: int, rows: int, columns: int
) -> tuple[Float32Image, Float32Image] | None:
    """Doubled directions of the steps in height; None where there are too few."""
    depth = view.crop(frame.depth)
    with np.errstate(divide="ignore"):
        inverse = np.where(depth > 0.0, np.float32(1.0) / depth, np.float32(0.0))
    if frame.hidden is not None:
        inverse[view.crop(frame.hidden)] = 0.0
    height, _ = network_view(view, inverse, support)
    height = height[: rows * stride : stride, : columns * stride : stride]
    # medianBlur knows no NaN: what is not known is lower than everything
    unknown = np.float32(2.0 * _LOWEST)
    known = np.where(np.isfinite(height), np.clip(height, _LOWEST, _HIGHEST), unknown)
    known = np.asarray(cv2.medianBlur(known.astype(np.float32), 5), np.float32)
    there = cv2.erode(known, np.ones((3, 3), np.uint8)) > unknown
    x, y, strength = _doubled(known, np.inf)
    there &= strength > 4.0 * _STEP  # a step gives four times itself in Sobel's kernel
    if np.count_nonzero(there) < _LEAST_EDGES:
        return None
    scale = np.where(there, 1.0 / np.maximum(strength, 1e-9), 0.0)
    return _blurred(x * scale, 1.0), _blurred(y * scale, 1.0)


def _edges(color: ByteImage) -> tuple[Float32Image, Float32Image]:
    """Doubled directions of the edges of colour, by the strongest of lightness and two chromas."""
    red, green, blue = cv2.split(color.astype(np.float32))
    best = _doubled(0.3 * red + 0.5 * green + 0.2 * blue, _STRONGEST)
    for channel in (red - green, blue - 0.5 * (red + green)):
        other = _doubled(channel, _STRONGEST)
        stronger = other[2] > best[2]
        best = (
            np.where(stronger, other[0], best[0]),
            np.where(stronger, other[1], best[1]),
            np.where(stronger, other[2], best[2]),
        )
    return _blurred(best[0], 1.5), _blurred(best[1], 1.5)


def _doubled(image: Float32Image, strongest: float) -> tuple[Float32Image, Float32Image, Float32Image]:
    """Cosine and sine of the doubled direction of the gradient, times its strength, and the strength."""
    x, y = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    length = np.maximum(np.hypot(x, y), 1e-9)
    strength = np.minimum(length, strongest)
    scale = strength / (length * length)
    return (x * x - y * y) * scale, 2.0 * x * y * scale, strength


def _blurred(image: Float32Image, width: float) -> Float32Image:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), width), np.float32)
