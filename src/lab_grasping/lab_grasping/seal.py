"""Where on an observed surface the lip of a suction cup seals.

Around each place a quadric is fitted to the points under the cup. The lip seals where the quadric's height
along the lip varies by less than the lip can follow, where the points do not scatter about it, and where the
surface goes on beyond the lip on all sides. A face that the camera's noise may have tilted is taken as level
with the support: under a cup of 20 mm stereo images tilt level faces by 10 degrees, at times by 20, and as a
whole by far less. Source of the idea that the deformation of the lip's ring decides the seal: J. Mahler et
al., "Dex-Net 3.0", ICRA 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray

SECTORS = 12
"""Of the ring around the lip."""
HOLLOW = 0.4
"""Of the lip's radius: the disc within the lip is looked at in its middle, and in six sectors around that."""
DENSE = 0.5
"""Share of the usual density of points that each of these must have: a hole has none."""
NOISE = 0.0008
"""Metres: scatter about a smooth surface that the camera itself makes."""
LEVEL_NOISE = 0.0012
"""Metres: what scatters less than this about a level plane is level."""
AROUND, BAND = 4.0, 0.005
"""Lip radii, and metres above and below a place: within these its face is looked at as a whole."""
LEVEL_SLOPE, WAVES = 0.14, 0.003
"""Where the face as a whole slopes less than this (8 degrees), what scatters less about a level plane,
metres, is level."""
RIDGE = 1e-3
"""Weight against quadrics that few points determine, relative to the number of points."""
RINGS, RING_WIDTH, RING_SPACINGS = 4, 0.0018, 1.2
"""Rings from the lip outwards in which the surface is followed: their number, width, metres, and least
width in distances of neighbouring points."""
ON_SURFACE = 0.0025
"""Metres: points nearer than this to the quadric are of the surface that the lip lies on."""


@dataclass(frozen=True, slots=True)
class Seals:
    """Of C places in the support frame.

    points: (C, 3) on the surface, metres. normals: (C, 3) unit, outward. deviation: (C,) from the highest to
    the lowest point of the surface along the lip, and its scatter, metres. whole: (C,) whether the disc
    within the lip was seen. rim: (C,) by which the surface goes on beyond the lip where it ends first,
    metres, 0 where it ends within. rise: (C,) of the highest point along the lip over the place, metres.
    """

    points: FloatArray
    normals: FloatArray
    deviation: FloatArray
    whole: npt.NDArray[np.bool_]
    rim: FloatArray
    rise: FloatArray

    def __len__(self) -> int:
        return len(self.points)

    def subset(self, index: npt.NDArray[np.intp]) -> Seals:
        """The places that an index names."""
        return Seals(*(getattr(self, name)[index] for name in Seals.__slots__))


def find_seals(points: FloatArray, places: FloatArray, normals: FloatArray, lip_radius: float) -> Seals:
    """How a lip lies at places (C, 3) with outward normals (C, 3) on a surface of points (N, 3); metres."""
    angle = np.arange(2 * SECTORS) * (np.pi / SECTORS)
    x, y = np.cos(angle), np.sin(angle)
    along_lip = np.stack([x, y, x * x, x * y, y * y], axis=1)
    # the first fit finds the normal, the second one looks along it
    places, _, terms, _, _ = _fit(points, places, normals, lip_radius)
    frames = _frames(normals)
    slope = terms[:, 1:2] * frames[:, :, 0] + terms[:, 2:3] * frames[:, :, 1]
    tilted = frames[:, :, 2] - slope / lip_radius
    normals = tilted / np.linalg.norm(tilted, axis=1)[:, None]
    level = _level(points, places, lip_radius)
    normals[level] = [0.0, 0.0, 1.0]
    places, scatter, terms, whole, counts = _fit(points, places, normals, lip_radius)
    terms[level, 1:3] = 0.0
    heights = terms[:, 1:] @ along_lip.T
    terms[:, 0] = 0.0
    spacing = lip_radius * np.sqrt(np.pi / np.maximum(counts, 1.0))
    widths = np.maximum(RING_WIDTH, RING_SPACINGS * spacing)
    return Seals(
        points=places,
        normals=normals,
        deviation=np.ptp(heights, axis=1) + np.maximum(scatter - NOISE, 0.0),
        whole=whole,
        rim=_rims(points, places, _frames(normals), terms, widths, lip_radius),
        rise=np.maximum(heights.max(axis=1), 0.0),
    )


def _level(points: FloatArray, places: FloatArray, lip_radius: float) -> npt.NDArray[np.bool_]:
    """Which faces (C,) under the cup may be level with the support."""
    upright = np.broadcast_to(np.eye(3), (len(places), 3, 3)).copy()
    _, rights, squares, counts, _ = _gather(points, places, upright, lip_radius)
    counts = np.maximum(counts, 1.0)
    variance = squares / counts - (rights[:, 0] / counts) ** 2
    moments, heights = _faces(points, places, AROUND * lip_radius)
    moments[:, np.arange(3), np.arange(3)] += RIDGE * lip_radius**2
    plane = np.linalg.solve(moments, heights[:, :, None])[:, :, 0]
    flat = np.hypot(plane[:, 1], plane[:, 2]) < LEVEL_SLOPE
    found: npt.NDArray[np.bool_] = variance < np.where(flat, WAVES, LEVEL_NOISE) ** 2
    return found


def _fit(
    points: FloatArray, places: FloatArray, normals: FloatArray, lip_radius: float
) -> tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.bool_], FloatArray]:
    """Places brought onto the surface (C, 3), scatter (C,) of the points about the quadric, metres, its terms
    (C, 6) 1, x, y, x2, xy, y2 with x and y in lip radii, whether the whole disc was seen (C,), and the number
    of points in it (C,).
    """
    frames = _frames(normals)
    moments, rights, squares, counts, disc = _gather(points, places, frames, lip_radius)
    moments[:, np.arange(6), np.arange(6)] += RIDGE * np.maximum(counts, 1.0)[:, None]
    terms = np.asarray(np.linalg.solve(moments, rights[:, :, None])[:, :, 0], dtype=np.float64)
    # shares of the disc: the middle, and six sectors up to twice its radius
    areas = HOLLOW**2 * np.array([1.0] + 6 * [0.5])
    whole: npt.NDArray[np.bool_] = np.all(disc > DENSE * counts[:, None] * areas, axis=1)
    left = np.maximum(squares - np.sum(terms * rights, axis=1), 0.0)
    scatter = np.asarray(np.sqrt(left / np.maximum(counts, 1.0)), dtype=np.float64)
    return places + terms[:, :1] * frames[:, :, 2], scatter, terms, whole, counts


def _frames(normals: FloatArray) -> FloatArray:
    """(C, 3, 3) whose columns are two tangents and the normals (C, 3)."""
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    x = np.cross(helper, normals)
    x /= np.linalg.norm(x, axis=1)[:, None]
    return np.ascontiguousarray(np.stack([x, np.cross(normals, x), normals], axis=2))


@compiled
def _faces(points: FloatArray, places: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
    """Normal equations of the plane 1, x, y through what lies around each place (C, 3) about as high as it:
    matrix (C, 3, 3) and right side (C, 3).
    """
    matrix, right = np.zeros((len(places), 3, 3)), np.zeros((len(places), 3))
    term = np.ones(3)
    for c in range(len(places)):
        for p in range(len(points)):
            x, y, h = points[p, 0] - places[c, 0], points[p, 1] - places[c, 1], points[p, 2] - places[c, 2]
            if x * x + y * y > radius * radius or abs(h) > BAND:
                continue
            term[1], term[2] = x, y
            for i in range(3):
                right[c, i] += term[i] * h
                for j in range(3):
                    matrix[c, i, j] += term[i] * term[j]
    return matrix, right


@compiled
def _gather(
    points: FloatArray, places: FloatArray, frames: FloatArray, lip_radius: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Normal equations of the quadric under each cup: matrix (C, 6, 6), right side (C, 6), sum of squared
    heights and number of points (C,); and points in the middle and in six sectors of the disc (C, 7).

    What lies deep under the lip is a hole, however deep, and spoils the fit by no more than the lip is wide.
    """
    count = len(places)
    matrix, right = np.zeros((count, 6, 6)), np.zeros((count, 6))
    squares, numbers = np.zeros(count), np.zeros(count)
    disc = np.zeros((count, 7))
    term = np.empty(6)
    for c in range(count):
        frame = frames[c]
        for p in range(len(points)):
            dx, dy, dz = points[p, 0] - places[c, 0], points[p, 1] - places[c, 1], points[p, 2] - places[c, 2]
            x = (dx * frame[0, 0] + dy * frame[1, 0] + dz * frame[2, 0]) / lip_radius
            y = (dx * frame[0, 1] + dy * frame[1, 1] + dz * frame[2, 1]) / lip_radius
            square = x * x + y * y
            if square > 1.0:
                continue
            h = dx * frame[0, 2] + dy * frame[1, 2] + dz * frame[2, 2]
            h = min(max(h, -lip_radius), lip_radius)
            if square < HOLLOW**2:
                disc[c, 0] += 1.0
            elif square < 4.0 * HOLLOW**2:
                disc[c, 1 + int((np.arctan2(y, x) / (2.0 * np.pi) + 1.0) * 6) % 6] += 1.0
            term[0], term[1], term[2], term[3], term[4], term[5] = 1.0, x, y, x * x, x * y, y * y
            for i in range(6):
                right[c, i] += term[i] * h
                for j in range(6):
                    matrix[c, i, j] += term[i] * term[j]
            squares[c] += h * h
            numbers[c] += 1.0
    return matrix, right, squares, numbers, disc


@compiled
def _rims(
    points: FloatArray,
    places: FloatArray,
    frames: FloatArray,
    terms: FloatArray,
    widths: FloatArray,
    lip_radius: float,
) -> FloatArray:
    """By which (C,) the surface goes on beyond the lip on all sides, metres: ring by ring, until a sector of
    one holds no point of the quadric with these terms (C, 6). widths: (C,) of the rings, metres.
    """
    rims = np.zeros(len(places))
    for c in range(len(places)):
        frame, term = frames[c], terms[c]
        seen = np.zeros((RINGS + 1, SECTORS), dtype=np.bool_)
        for p in range(len(points)):
            dx, dy, dz = points[p, 0] - places[c, 0], points[p, 1] - places[c, 1], points[p, 2] - places[c, 2]
            x = dx * frame[0, 0] + dy * frame[1, 0] + dz * frame[2, 0]
            y = dx * frame[0, 1] + dy * frame[1, 1] + dz * frame[2, 1]
            # ring 0 ends at the lip
            ring = int(np.floor((np.sqrt(x * x + y * y) - lip_radius) / widths[c])) + 1
            if ring < 0 or ring > RINGS:
                continue
            h = dx * frame[0, 2] + dy * frame[1, 2] + dz * frame[2, 2]
            u, v = x / lip_radius, y / lip_radius
            expected = term[1] * u + term[2] * v + term[3] * u * u + term[4] * u * v + term[5] * v * v
            if abs(h - expected) < ON_SURFACE:
                seen[ring, int((np.arctan2(y, x) / (2.0 * np.pi) + 1.0) * SECTORS) % SECTORS] = True
        for ring in range(RINGS + 1):
            if not seen[ring].all():
                break
            rims[c] = ring * widths[c]
    return rims
