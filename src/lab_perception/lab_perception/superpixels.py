"""Small regions that do not cross an edge: watershed of an edge image from seeds on a grid.

Source: F. Meyer, "Color image segmentation", 1992 (flooding by priority), with one seed a grid cell at its
flattest pixel, as superpixel methods do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_perception.frame import ByteImage, Mask

LabelImage = npt.NDArray[np.int32]


def superpixels(
    edges: ByteImage, domain: Mask, spacing: int, clear_edge: int = 256
) -> tuple[LabelImage, int]:
    """Labels (H, W), -1 outside the domain, and their number. Every label is one connected region.

    edges: (H, W) strength of the edge at each pixel. spacing: of the seeds, pixels. clear_edge: no seed lies
    on an edge of that strength or more, so that a broad edge is shared out to both its sides.
    """
    labels = np.full(edges.shape, -1, np.int32)
    count = _flood(edges, domain, spacing, clear_edge, labels)
    return labels, int(count)


@compiled
def _flood(edges: ByteImage, domain: Mask, spacing: int, clear_edge: int, labels: LabelImage) -> int:
    height, width = edges.shape
    total = 0
    for v in range(height):
        for u in range(width):
            total += domain[v, u]
    following = np.empty(total, np.int32)
    pixels = np.empty(total, np.int32)
    first = np.full(256, -1, np.int32)
    last = np.full(256, -1, np.int32)
    used = 0
    count = 0
    for top in range(0, height, spacing):
        for left in range(0, width, spacing):
            best = -1
            lowest = clear_edge
            for v in range(top, min(top + spacing, height)):
                for u in range(left, min(left + spacing, width)):
                    if domain[v, u] and edges[v, u] < lowest:
                        lowest = edges[v, u]
                        best = v * width + u
            if best >= 0:
                labels[best // width, best % width] = count
                count += 1
                used = _push(first, last, following, pixels, used, lowest, best)
    # A domain in pieces smaller than a cell may have got no seed: the sweep below gives it one.
    next_unseeded = 0
    while True:
        level = 0
        while level < 256:
            entry = first[level]
            if entry < 0:
                level += 1
                continue
            first[level] = following[entry]
            v, u = pixels[entry] // width, pixels[entry] % width
            for direction in range(4):
                y = v + (direction == 0) - (direction == 1)
                x = u + (direction == 2) - (direction == 3)
                if y < 0 or x < 0 or y >= height or x >= width or not domain[y, x] or labels[y, x] >= 0:
                    continue
                labels[y, x] = labels[v, u]
                # Water never falls: a valley behind a ridge is flooded at the level of the ridge.
                used = _push(first, last, following, pixels, used, max(level, edges[y, x]), y * width + x)
        while next_unseeded < height * width:
            v, u = next_unseeded // width, next_unseeded % width
            if domain[v, u] and labels[v, u] < 0:
                break
            next_unseeded += 1
        if next_unseeded == height * width:
            return count
        labels[v, u] = count
        count += 1
        used = _push(first, last, following, pixels, used, edges[v, u], next_unseeded)


@compiled
def _push(
    first: npt.NDArray[np.int32],
    last: npt.NDArray[np.int32],
    following: npt.NDArray[np.int32],
    pixels: npt.NDArray[np.int32],
    used: int,
    level: int,
    pixel: int,
) -> int:
    """Puts a pixel at the end of the queue of its level; the number of entries used."""
    pixels[used] = pixel
    following[used] = -1
    if first[level] < 0:
        first[level] = used
    else:
        following[last[level]] = used
    last[level] = used
    return used + 1
