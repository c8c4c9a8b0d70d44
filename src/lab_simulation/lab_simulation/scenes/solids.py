"""Triangle meshes of the pieces that parts are made of: prisms, rings, frustums and convex hulls.

All solids are closed, with outward normals, and centred on z = 0 unless said otherwise; metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]


class FlatSolid(Exception):
    """All points lie in one plane."""


@dataclass(frozen=True, slots=True)
class Solid:
    """A closed triangle mesh: vertices (V, 3) metres, faces (F, 3) counter-clockwise seen from outside."""

    vertices: FloatArray
    faces: IntArray

    def volume(self) -> float:
        """Enclosed volume, cubic metres (divergence theorem)."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)

    def centroid(self) -> FloatArray:
        """Centre of volume (3,)."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6.0
        result: FloatArray = ((a + b + c) / 4.0 * volumes[:, None]).sum(axis=0) / volumes.sum()
        return result


def regular_polygon(sides: int, circumradius: float, phase: float = 0.0) -> FloatArray:
    """(sides, 2) corners, counter-clockwise; the first at angle `phase`, radians."""
    angles = phase + np.arange(sides) * (2.0 * np.pi / sides)
    return circumradius * np.column_stack([np.cos(angles), np.sin(angles)])


def ray_polygon_radius(sides: int, circumradius: float, angles: FloatArray) -> FloatArray:
    """Distance from the centre of a regular polygon (a corner at angle 0) to its edge along each angle."""
    sector = 2.0 * np.pi / sides
    apothem = circumradius * np.cos(sector / 2.0)
    result: FloatArray = apothem / np.cos(np.mod(angles, sector) - sector / 2.0)
    return result


def prism(outline: FloatArray, height: float) -> Solid:
    """Solid of a counter-clockwise outline (N, 2) that is star-shaped about the origin."""
    n = len(outline)
    centre = np.zeros((1, 2))
    flat = np.vstack([outline, centre])
    vertices = np.vstack([_lift(flat, -height / 2.0), _lift(flat, height / 2.0)])
    i = np.arange(n)
    j = (i + 1) % n
    top = n + 1
    bottom_cap = np.column_stack([np.full(n, n), j, i])
    top_cap = np.column_stack([np.full(n, top + n), top + i, top + j])
    return Solid(vertices, _faces(bottom_cap, top_cap, *_wall(i, j, top + i, top + j)))


def ring(outer: FloatArray, inner: FloatArray, height: float) -> Solid:
    """Solid between two counter-clockwise outlines (N, 2) whose corners face each other pairwise."""
    n = len(outer)
    z = height / 2.0
    vertices = np.vstack([_lift(outer, -z), _lift(outer, z), _lift(inner, -z), _lift(inner, z)])
    i = np.arange(n)
    j = (i + 1) % n
    outside = _wall(i, j, n + i, n + j)
    inside = _wall(2 * n + j, 2 * n + i, 3 * n + j, 3 * n + i)
    top = _wall(n + i, n + j, 3 * n + i, 3 * n + j)
    bottom = _wall(j, i, 2 * n + j, 2 * n + i)
    return Solid(vertices, _faces(*outside, *inside, *top, *bottom))


def ring_sectors(outer: FloatArray, inner: FloatArray, height: float) -> list[Solid]:
    """The convex pieces, one for each edge of the outlines, that `ring` is made of."""
    n = len(outer)
    sectors = []
    for i in range(n):
        j = (i + 1) % n
        corners = np.array([outer[i], outer[j], inner[j], inner[i]])
        sectors.append(hull(np.vstack([_lift(corners, -height / 2.0), _lift(corners, height / 2.0)])))
    return sectors


def frustum(bottom: FloatArray, top: FloatArray, height: float) -> Solid:
    """Convex hull of two convex outlines (N, 2) and (M, 2) at z = -height/2 and +height/2."""
    return hull(np.vstack([_lift(bottom, -height / 2.0), _lift(top, height / 2.0)]))


def lathe(profile: FloatArray, sides: int) -> Solid:
    """A profile (N, 2) of radius and z, turned about z: up the outside and, of a hollow one, down the inside.

    Its ends are closed by discs, or for a hollow one by a bottom inside and one outside.
    """
    n, angles = len(profile), np.arange(sides) * (2.0 * np.pi / sides)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    rings = [np.column_stack([radius * circle, np.full(sides, z)]) for radius, z in profile]
    tips = np.array([[0.0, 0.0, profile[0, 1]], [0.0, 0.0, profile[-1, 1]]])
    vertices = np.vstack([*rings, tips])
    i = np.arange(sides)
    j = (i + 1) % sides
    faces: list[npt.NDArray[np.int_]] = []
    for k in range(n - 1):
        low, high = k * sides, (k + 1) * sides
        faces += _wall(low + i, low + j, high + i, high + j)
    first, last = n * sides, n * sides + 1
    faces.append(np.column_stack([np.full(sides, first), j, i]))
    top = (n - 1) * sides
    faces.append(np.column_stack([np.full(sides, last), top + i, top + j]))
    return Solid(vertices, _faces(*faces))


def hull(points: FloatArray) -> Solid:
    """Convex hull of points (N, 3), N >= 4, not all in one plane.

    Raises FlatSolid when they are.
    """
    from scipy.spatial import ConvexHull, QhullError  # here, as who only reads scene files makes no solid

    try:
        quick = ConvexHull(points)
    except QhullError as error:
        raise FlatSolid from error
    used = quick.vertices
    renumber = np.full(len(points), -1)
    renumber[used] = np.arange(len(used))
    vertices = points[used]
    faces = renumber[quick.simplices]
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), quick.equations[:, :3]) < 0.0
    faces[inwards] = faces[inwards][:, ::-1]
    return Solid(vertices, faces.astype(np.int32))


def _lift(outline: FloatArray, z: float) -> FloatArray:
    return np.column_stack([outline, np.full(len(outline), z)])


def _wall(
    a: npt.NDArray[np.int_], b: npt.NDArray[np.int_], c: npt.NDArray[np.int_], d: npt.NDArray[np.int_]
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Two triangles for each quadrilateral a b (below) c d (above), seen from outside with a on the left."""
    return np.column_stack([a, b, d]), np.column_stack([a, d, c])


def _faces(*groups: npt.NDArray[np.int_]) -> IntArray:
    return np.vstack(groups).astype(np.int32)
