"""From pinocchio's geometry to the arrays of `clearance`."""

from __future__ import annotations

from itertools import product
from typing import Any

import coal
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_motion.planning.chain import Chain
from lab_motion.planning.clearance import IntArray, World
from lab_motion.planning.separation import BOX, CYLINDER, SPHERE

_CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))


class ShapeArrays:
    """Shapes and pairs of one geometry; from them a World for each set of margins."""

    def __init__(self, chain: Chain, model: Any, geometry: Any) -> None:
        """chain: the arm of the model. Raises ValueError for a shape that is no box, cylinder or sphere."""
        objects = list(geometry.geometryObjects)
        joint = np.array([shape.parentJoint - 1 for shape in objects], dtype=np.int64)
        place = np.array([shape.placement.homogeneous[:3] for shape in objects]).reshape(-1, 3, 4)
        shapes = [_kind_and_half(shape.geometry) for shape in objects]
        kind = np.array([shape[0] for shape in shapes], dtype=np.int64)
        half = np.array([shape[1] for shape in shapes]).reshape(-1, 3)
        # a link that moves, or a single shape that stands still
        owners = [
            (int(shape.parentFrame), -1) if moves else (-1, n)
            for n, (shape, moves) in enumerate(zip(objects, joint >= 0, strict=True))
        ]
        numbers = {owner: n for n, owner in enumerate(dict.fromkeys(owners))}
        self._link = np.array([numbers[owner] for owner in owners], dtype=np.int64)
        radius = _radii(kind, half)
        links = len(numbers)
        link_joint, link_shape = np.full(links, -1), np.full(links, -1)
        centre, around = np.zeros((links, 3)), np.zeros(links)
        reach = np.zeros((links, len(chain.names)))
        # how far the origins of two joints that follow each other may be apart, metres
        slide = np.maximum(np.abs(model.lowerPositionLimit), np.abs(model.upperPositionLimit))
        spans = np.linalg.norm(chain.offsets[:, :3, 3], axis=1) + np.where(chain.prismatic, slide, 0.0)
        for n, (_, single) in enumerate(numbers):
            own = np.flatnonzero(self._link == n)
            link_joint[n], link_shape[n] = joint[own[0]], single
            middles = place[own, :, 3]
            low = (middles - radius[own, None]).min(axis=0)
            high = (middles + radius[own, None]).max(axis=0)
            centre[n] = 0.5 * (low + high)
            around[n] = (np.linalg.norm(middles - centre[n], axis=1) + radius[own]).max()
            if link_joint[n] >= 0:
                reach[n] = _reach(chain, spans, link_joint[n], place[own], half[own])
        pairs = np.array([(p.first, p.second) for p in geometry.collisionPairs], dtype=np.int64)
        pairs = pairs.reshape(-1, 2)
        swapped = joint[pairs[:, 0]] < joint[pairs[:, 1]]
        pairs[swapped] = pairs[swapped][:, ::-1]
        self._pairs = pairs
        # pairs of the same two links side by side
        self._order = np.lexsort((self._link[pairs[:, 1]], self._link[pairs[:, 0]]))
        nothing = np.zeros(0)
        self._world = World(
            offsets=np.ascontiguousarray(chain.offsets),
            axes=np.ascontiguousarray(chain.axes),
            prismatic=chain.prismatic,
            joint=joint,
            place=np.ascontiguousarray(place),
            kind=kind,
            half=np.ascontiguousarray(half),
            radius=radius,
            link_joint=link_joint.astype(np.int64),
            link_centre=centre,
            link_radius=around,
            link_shape=link_shape.astype(np.int64),
            reach=reach,
            first=nothing.astype(np.int64),
            second=nothing.astype(np.int64),
            margin=nothing,
            group=np.zeros((0, 4), dtype=np.int64),
            least=nothing,
            most=nothing,
        )

    def world(self, margins: FloatArray, active: npt.NDArray[np.bool_]) -> tuple[World, IntArray]:
        """The world in which active pairs keep their margins (P,), metres; and which pairs those are, in its
        order.
        """
        chosen = self._order[active[self._order]]
        first, second = self._pairs[chosen].T
        links = self._link[self._pairs[chosen]]
        begins = np.flatnonzero(np.any(np.diff(links, axis=0, prepend=-1) != 0, axis=1))
        group = np.column_stack([links[begins], begins, np.append(begins[1:], len(chosen))[: len(begins)]])
        kept = margins[chosen]
        world = self._world._replace(
            first=np.ascontiguousarray(first),
            second=np.ascontiguousarray(second),
            margin=kept,
            group=group.astype(np.int64),
            least=np.minimum.reduceat(kept, begins) if len(begins) else kept,
            most=np.maximum.reduceat(kept, begins) if len(begins) else kept,
        )
        return world, chosen


def _kind_and_half(shape: Any) -> tuple[int, tuple[float, float, float]]:
    if isinstance(shape, coal.Box):
        x, y, z = shape.halfSide
        return BOX, (x, y, z)
    if isinstance(shape, coal.Cylinder):
        return CYLINDER, (shape.radius, shape.radius, shape.halfLength)
    if isinstance(shape, coal.Sphere):
        return SPHERE, (shape.radius, shape.radius, shape.radius)
    raise ValueError(f"shape {type(shape).__name__}: expected a box, a cylinder or a sphere")


def _radii(kind: IntArray, half: FloatArray) -> FloatArray:
    """(S,) of the spheres around shapes."""
    of_box, of_cylinder = np.linalg.norm(half, axis=1), np.hypot(half[:, 0], half[:, 2])
    return np.select([kind == BOX, kind == CYLINDER], [of_box, of_cylinder], half[:, 0])


def _reach(chain: Chain, spans: FloatArray, last: int, place: FloatArray, half: FloatArray) -> FloatArray:
    """(J,) how far points of shapes that the joint `last` moves may be from each joint's axis, metres."""
    corners = place[:, None, :, 3] + np.einsum("sij,skj->ski", place[:, :, :3], _CORNERS * half[:, None])
    points = corners.reshape(-1, 3)
    reach = np.zeros(len(spans))
    reach[last] = np.linalg.norm(np.cross(points, chain.axes[last]), axis=1).max()
    far = np.linalg.norm(points, axis=1).max()
    for j in range(last):
        reach[j] = spans[j + 1 : last + 1].sum() + far
    return np.where(chain.prismatic & (np.arange(len(spans)) <= last), 1.0, reach)
