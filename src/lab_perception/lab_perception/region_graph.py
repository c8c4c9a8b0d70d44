"""Neighbouring superpixels, and what colour, depth and the shape of the surface say about the border between
them.

Source: S. C. Stein et al., "Object partitioning using local convexity", 2014 (LCCP), for the convexity of a
border.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_perception.frame import Float32Image, Mask
from lab_perception.superpixels import LabelImage
from lab_perception.surface import Surface

# Pixels by which votes for one middle differ.
_VOTE_NOISE = 6.0
# Chroma within one and a half of this is about the same, also when the light is not.
_CHROMA_CELL = 6.0


@dataclass(frozen=True, slots=True)
class RegionGraph:
    """Neighbouring superpixels and what their border tells.

    area: (N,) of each superpixel as seen face on, square metres.
    edges: (M, 2). length: (M,) pixels. chroma, lightness: (M,) differences of colour.
    heap: (M,) visible area of the heap of neighbours that they are part of, square metres.
    crowd: (M,) that of it which has about their chroma.
    concavity: (M,) radians between the surfaces, negative where the edge is convex.
    step: (M,) millimetres out of the surface from one side of the border to the other.
    seen_edge: (M,) share of the border that the network takes for an edge of a part, 0..1. votes_apart: (M,)
    distance of the middles that both sides vote for, in their distance from them. Both 0 without a network.
    """

    area: npt.NDArray[np.float32]
    edges: npt.NDArray[np.int32]
    length: npt.NDArray[np.float32]
    chroma: npt.NDArray[np.float32]
    lightness: npt.NDArray[np.float32]
    heap: npt.NDArray[np.float32]
    crowd: npt.NDArray[np.float32]
    concavity: npt.NDArray[np.float32]
    step: npt.NDArray[np.float32]
    seen_edge: npt.NDArray[np.float32]
    votes_apart: npt.NDArray[np.float32]


def region_graph(surface: Surface, regions: LabelImage, count: int) -> RegionGraph:
    """The graph of superpixels (h, w) numbered 0 to count - 1, -1 outside them."""
    sums = np.zeros((count, 12))
    _sum_up(regions, surface.foreground, surface.chroma, surface.lightness, surface.points, surface.normals,
            surface.inverse_depth, sums)  # fmt: skip
    size, solid_size = np.maximum(sums[:, 0], 1.0), np.maximum(sums[:, 4], 1.0)
    chroma, lightness = sums[:, 1:3] / size[:, None], sums[:, 3] / size
    centre, normal = sums[:, 5:8] / solid_size[:, None], sums[:, 8:11]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    # A pixel covers (z / f)^2.
    area = size * sums[:, 11] / (solid_size * surface.view.camera.fx * surface.view.camera.fy)
    has_surface = sums[:, 4] > 0

    edge_image = _edge_image(surface)
    pairs, steps, seen = _borders(
        regions, surface.foreground, surface.points, surface.normals, edge_image, count
    )
    keys, border, length = np.unique(pairs, return_inverse=True, return_counts=True)
    edges = np.column_stack([keys // count, keys % count]).astype(np.int32)
    known = steps >= 0.0
    known_count = np.bincount(border[known], minlength=len(keys))
    step = np.bincount(border[known], weights=steps[known], minlength=len(keys)) / np.maximum(known_count, 1)

    i, j = edges[:, 0], edges[:, 1]
    heap = connected(edges, count)
    apart = centre[i] - centre[j]
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-6)
    angle = np.arccos(np.clip((normal[i] * normal[j]).sum(1), -1.0, 1.0))
    convex = ((normal[i] - normal[j]) * apart).sum(1) > 0.0
    concavity = np.where(has_surface[i] & has_surface[j], np.where(convex, -angle, angle), 0.0)
    # Faces that look elsewhere catch other light: only between faces alike does lightness tell paints apart.
    alike = np.clip(1.0 - angle / 0.35, 0.0, 1.0)
    return RegionGraph(
        area=area.astype(np.float32),
        edges=edges,
        length=length.astype(np.float32),
        chroma=np.linalg.norm(chroma[i] - chroma[j], axis=1).astype(np.float32),
        lightness=(np.abs(lightness[i] - lightness[j]) * alike).astype(np.float32),
        heap=np.bincount(heap, weights=area)[heap[i]].astype(np.float32),
        crowd=_crowd(heap, chroma, area)[edges].mean(axis=1),
        concavity=concavity.astype(np.float32),
        step=(1e3 * step).astype(np.float32),
        seen_edge=(np.bincount(border, weights=seen, minlength=len(keys)) / length).astype(np.float32),
        votes_apart=_votes_apart(surface, regions, count, edges),
    )


def _edge_image(surface: Surface) -> Float32Image:
    """Probability (h, w) that an edge of a part runs through a pixel."""
    if surface.evidence is None:
        return np.zeros(surface.domain.shape, np.float32)
    return surface.evidence.edge_probability()


def _votes_apart(
    surface: Surface, regions: LabelImage, count: int, edges: npt.NDArray[np.int32]
) -> npt.NDArray[np.float32]:
    if surface.evidence is None:
        return np.zeros(len(edges), np.float32)
    votes = np.zeros((count, 4))
    _sum_votes(regions, surface.evidence.centre, votes)
    middle, reach = votes[:, 1:3] / votes[:, :1], votes[:, 3] / votes[:, 0]
    i, j = edges[:, 0], edges[:, 1]
    apart = np.linalg.norm(middle[i] - middle[j], axis=1)
    result: npt.NDArray[np.float32] = (apart / (0.5 * (reach[i] + reach[j]) + _VOTE_NOISE)).astype(np.float32)
    return result


def _crowd(heap: npt.NDArray[np.int64], chroma: FloatArray, area: FloatArray) -> npt.NDArray[np.float32]:
    """Area (N,) of about the same chroma in the same heap as each region, square metres.

    heap: (N,) numbers. chroma: (N, 2). area: (N,) square metres.
    """
    cell = np.round(chroma / _CHROMA_CELL).astype(np.int64)
    # Regions of one heap and one cell of chroma go together; there are few such groups.
    _, first, group = np.unique(
        (heap * 512 + cell[:, 0] + 256) * 512 + cell[:, 1] + 256, return_index=True, return_inverse=True
    )
    alike = (heap[first][:, None] == heap[first]) & (np.abs(cell[first][:, None] - cell[first]) <= 1).all(-1)
    crowd: npt.NDArray[np.float32] = (alike @ np.bincount(group, weights=area))[group].astype(np.float32)
    return crowd


@compiled
def connected(edges: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int64]:
    """Number (count,) of the heap that each region is in: regions that edges (M, 2) connect. Heaps are
    counted by their first regions.
    """
    root = np.arange(count)
    for edge in edges:
        a, b = edge[0], edge[1]
        while root[a] != a:
            root[a] = root[root[a]]
            a = root[a]
        while root[b] != b:
            root[b] = root[root[b]]
            b = root[b]
        root[max(a, b)] = min(a, b)
    heap = np.empty(count, np.int64)
    heaps = 0
    for region in range(count):
        if root[region] == region:
            heap[region] = heaps
            heaps += 1
        else:
            heap[region] = heap[root[region]]
    return heap


@compiled
def _sum_up(
    regions: LabelImage,
    foreground: Mask,
    chroma: Float32Image,
    lightness: Float32Image,
    points: Float32Image,
    normals: Float32Image,
    inverse_depth: Float32Image,
    sums: FloatArray,
) -> None:
    """Adds up, for each region, a row of pixels, chroma, lightness, foreground pixels, points, normals,
    depth^2.
    """
    height, width = regions.shape
    for v in range(height):
        for u in range(width):
            region = regions[v, u]
            if region < 0:
                continue
            row = sums[region]
            row[0] += 1.0
            row[1] += chroma[v, u, 0]
            row[2] += chroma[v, u, 1]
            row[3] += lightness[v, u]
            if not foreground[v, u]:
                continue
            row[4] += 1.0
            for axis in range(3):
                row[5 + axis] += points[v, u, axis]
                row[8 + axis] += normals[v, u, axis]
            row[11] += 1.0 / (inverse_depth[v, u] * inverse_depth[v, u])


@compiled
def _borders(
    regions: LabelImage,
    foreground: Mask,
    points: Float32Image,
    normals: Float32Image,
    edge: Float32Image,
    count: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Pairs (K,), smaller label times count plus larger, of neighbouring pixels, the step (K,) between them
    and their mean (K,) of the edge image.

    The step, metres, is how far one pixel lies out of the plane through the other, by the smaller of the two
    ways to see it: at a mere bend of the surface one of the planes goes through both. -1 without surface.
    """
    height, width = regions.shape
    pairs = np.empty(2 * regions.size, np.int64)
    steps = np.empty(2 * regions.size, np.float32)
    seen = np.empty(2 * regions.size, np.float32)
    used = 0
    for v in range(height):
        for u in range(width):
            a = regions[v, u]
            if a < 0:
                continue
            for direction in range(2):
                y, x = v + direction, u + 1 - direction
                if y >= height or x >= width:
                    continue
                b = regions[y, x]
                if b < 0 or b == a:
                    continue
                pairs[used] = np.int64(min(a, b)) * count + max(a, b)
                steps[used] = -1.0
                seen[used] = np.float32(0.5) * (edge[v, u] + edge[y, x])
                if foreground[v, u] and foreground[y, x]:
                    out_of_here = np.float32(0.0)
                    out_of_there = np.float32(0.0)
                    for axis in range(3):
                        apart = points[y, x, axis] - points[v, u, axis]
                        out_of_here += normals[v, u, axis] * apart
                        out_of_there += normals[y, x, axis] * apart
                    steps[used] = min(abs(out_of_here), abs(out_of_there))
                used += 1
    return pairs[:used], steps[:used], seen[:used]


@compiled
def _sum_votes(regions: LabelImage, centre: Float32Image, votes: FloatArray) -> None:
    """Adds up, for each region, a row of pixels, columns and rows of the middles, distances from them."""
    for v in range(regions.shape[0]):
        for u in range(regions.shape[1]):
            region = regions[v, u]
            if region < 0:
                continue
            across, down = centre[v, u, 0], centre[v, u, 1]
            votes[region, 0] += 1.0
            votes[region, 1] += u + across
            votes[region, 2] += v + down
            votes[region, 3] += np.sqrt(across * across + down * down)
