"""Lower bounds of the distance of two convex shapes, compiled.

Two convex shapes are at least as far apart as the gap between them along any direction. The directions that
are tried are those of the separating axis theorem for boxes (S. Gottschalk, M. Lin, D. Manocha, "OBBTree",
SIGGRAPH 1996), and the one between the nearest points, found by alternating projections. A bound above a
margin proves that the margin is kept; one below it proves nothing.

A shape is its kind, its half edges (3,) (a cylinder: radius, radius, half length; a sphere: its radius three
times) and its pose (3, 4), in metres.
"""

from __future__ import annotations

import numpy as np

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray

BOX, CYLINDER, SPHERE = 0, 1, 2
# Of the cross product of two edges: below this they are parallel, and a face tells the same.
_PARALLEL = 1e-3
# Nearest points of two shapes, found by going to and fro so often; one look at the gap in so many.
_ROUNDS, _LOOK = 16, 4


@compiled
def _half_width(kind: int, half: FloatArray, pose: FloatArray, x: float, y: float, z: float) -> float:
    """Of a shape along a unit direction, from its centre."""
    along = abs(x * pose[0, 2] + y * pose[1, 2] + z * pose[2, 2])
    width: float = half[0]
    if kind == BOX:
        width = (
            abs(x * pose[0, 0] + y * pose[1, 0] + z * pose[2, 0]) * half[0]
            + abs(x * pose[0, 1] + y * pose[1, 1] + z * pose[2, 1]) * half[1]
            + along * half[2]
        )
    elif kind == CYLINDER:
        width = along * half[2] + half[0] * np.sqrt(max(0.0, 1.0 - along * along))
    return width


@compiled
def _gap(
    kind_a: int,
    half_a: FloatArray,
    a: FloatArray,
    kind_b: int,
    half_b: FloatArray,
    b: FloatArray,
    x: float,
    y: float,
    z: float,
) -> float:
    """Between two shapes along a unit direction, metres; negative where they overlap."""
    apart: float = abs(x * (b[0, 3] - a[0, 3]) + y * (b[1, 3] - a[1, 3]) + z * (b[2, 3] - a[2, 3]))
    apart -= _half_width(kind_a, half_a, a, x, y, z) + _half_width(kind_b, half_b, b, x, y, z)
    return apart


@compiled
def _boxes(half_a: FloatArray, a: FloatArray, half_b: FloatArray, b: FloatArray, enough: float) -> float:
    """Bound of the distance of two boxes, metres; no better than enough."""
    turn = np.empty((3, 3))
    shift = np.empty(3)
    best = -np.inf
    d0, d1, d2 = b[0, 3] - a[0, 3], b[1, 3] - a[1, 3], b[2, 3] - a[2, 3]
    for i in range(3):
        shift[i] = a[0, i] * d0 + a[1, i] * d1 + a[2, i] * d2
        width = half_a[i]
        for j in range(3):
            turn[i, j] = a[0, i] * b[0, j] + a[1, i] * b[1, j] + a[2, i] * b[2, j]
            width += half_b[j] * abs(turn[i, j])
        best = max(best, abs(shift[i]) - width)
    if best >= enough:
        return best
    for j in range(3):
        apart, width = 0.0, half_b[j]
        for i in range(3):
            apart += shift[i] * turn[i, j]
            width += half_a[i] * abs(turn[i, j])
        best = max(best, abs(apart) - width)
    if best >= enough:
        return best
    for i in range(3):
        i1, i2 = (i + 1) % 3, (i + 2) % 3
        for j in range(3):
            length = np.sqrt(max(0.0, 1.0 - turn[i, j] ** 2))
            if length < _PARALLEL:
                continue
            j1, j2 = (j + 1) % 3, (j + 2) % 3
            apart = abs(shift[i2] * turn[i1, j] - shift[i1] * turn[i2, j])
            width = (
                half_a[i1] * abs(turn[i2, j])
                + half_a[i2] * abs(turn[i1, j])
                + half_b[j1] * abs(turn[i, j2])
                + half_b[j2] * abs(turn[i, j1])
            )
            best = max(best, (apart - width) / length)
    return best


@compiled
def _towards(kind: int, half: FloatArray, pose: FloatArray, point: FloatArray, out: FloatArray) -> None:
    """The point of a shape that is nearest to a point (3,); of a sphere always its centre."""
    scale = 1.0
    along = np.zeros(3)
    if kind != SPHERE:
        for k in range(3):
            for i in range(3):
                along[k] += (point[i] - pose[i, 3]) * pose[i, k]
        if kind == CYLINDER:
            scale = min(1.0, half[0] / max(1e-12, np.sqrt(along[0] ** 2 + along[1] ** 2)))
            along[0], along[1] = along[0] * scale, along[1] * scale
            along[2] = min(max(along[2], -half[2]), half[2])
        else:
            for k in range(3):
                along[k] = min(max(along[k], -half[k]), half[k])
    for i in range(3):
        out[i] = pose[i, 3] + pose[i, 0] * along[0] + pose[i, 1] * along[1] + pose[i, 2] * along[2]


@compiled
def bound(
    kind_a: int,
    half_a: FloatArray,
    a: FloatArray,
    kind_b: int,
    half_b: FloatArray,
    b: FloatArray,
    enough: float,
) -> float:
    """Lower bound of the distance of two shapes, metres; the search for it ends at `enough`."""
    if kind_a == BOX and kind_b == BOX:
        best = _boxes(half_a, a, half_b, b, enough)
        if best < 0.0:  # every axis of two boxes was tried: they overlap
            return best
    else:
        best = _axes(kind_a, half_a, a, kind_b, half_b, b, enough)
    if best >= enough:
        return best
    here, there = b[:, 3].copy(), np.empty(3)
    for n in range(_ROUNDS):
        _towards(kind_a, half_a, a, here, there)
        _towards(kind_b, half_b, b, there, here)
        if n % _LOOK == _LOOK - 1:
            x, y, z = there[0] - here[0], there[1] - here[1], there[2] - here[2]
            length = np.sqrt(x * x + y * y + z * z)
            if length < 1e-6:
                return best
            found = _gap(kind_a, half_a, a, kind_b, half_b, b, x / length, y / length, z / length)
            best = max(best, found)
            if best >= enough:
                return best
    return best


@compiled
def _axes(
    kind_a: int,
    half_a: FloatArray,
    a: FloatArray,
    kind_b: int,
    half_b: FloatArray,
    b: FloatArray,
    enough: float,
) -> float:
    """Bound of the distance of two shapes along the axes of both and what is square to two of them."""
    best = -np.inf
    edges_a = 3 if kind_a == BOX else (1 if kind_a == CYLINDER else 0)
    edges_b = 3 if kind_b == BOX else (1 if kind_b == CYLINDER else 0)
    for i in range(3 - edges_a, 3):
        best = max(best, _gap(kind_a, half_a, a, kind_b, half_b, b, a[0, i], a[1, i], a[2, i]))
    for j in range(3 - edges_b, 3):
        best = max(best, _gap(kind_a, half_a, a, kind_b, half_b, b, b[0, j], b[1, j], b[2, j]))
    if best >= enough:
        return best
    for i in range(3 - edges_a, 3):
        for j in range(3 - edges_b, 3):
            x = a[1, i] * b[2, j] - a[2, i] * b[1, j]
            y = a[2, i] * b[0, j] - a[0, i] * b[2, j]
            z = a[0, i] * b[1, j] - a[1, i] * b[0, j]
            length = np.sqrt(x * x + y * y + z * z)
            if length > _PARALLEL:
                best = max(
                    best, _gap(kind_a, half_a, a, kind_b, half_b, b, x / length, y / length, z / length)
                )
    return best
