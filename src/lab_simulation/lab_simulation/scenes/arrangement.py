"""Where parts go on the table: groups of convex footprints, thrown until none is too near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from lab_core.geometry import FloatArray, make_transform, rotation_about, transform_points

THROWS = 200
LAYOUTS = 4
NARROWINGS = (1.0, 0.7, 0.5, 0.3)
"""Of the gap, one after the other, when there is no room for the whole."""
DENSEST = 0.5
"""Share of the table that throwing at random can cover at all; discs jam at 0.55."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that stay together.

    poses: (N, 4, 4) group from part, z = 0 under the parts. footprints: N convex outlines (M, 2) in the
    group.
    """

    poses: FloatArray
    footprints: tuple[FloatArray, ...]

    def radius(self) -> float:
        """Of the circle about the group's origin that holds it, metres."""
        return float(np.linalg.norm(np.vstack(self.footprints), axis=1).max())


def footprint(points: FloatArray) -> FloatArray:
    """(M, 2) counter-clockwise convex outline of points (N, 3) seen from above."""
    flat = points[:, :2]
    result: FloatArray = flat[ConvexHull(flat).vertices]
    return result


def separation(one: FloatArray, other: FloatArray) -> float:
    """Widest empty strip between two convex outlines (N, 2) and (M, 2), metres; negative when they overlap.

    It is their distance, or a little less when corner faces corner. Source: separating axis theorem.
    """
    gaps = []
    for a, b in ((one, other), (other, one)):
        edges = np.roll(a, -1, axis=0) - a
        normals = np.column_stack([edges[:, 1], -edges[:, 0]])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        gaps.append(((b @ normals.T).min(axis=0) - np.einsum("ij,ij->i", a, normals)).max())
    return float(max(gaps))


def single(pose: FloatArray, outline: FloatArray) -> Group:
    """A group of one part in a resting pose (4, 4), centred on its footprint; outline: (N, 3) in the part."""
    points = transform_points(pose, outline)
    centred = pose.copy()
    centred[:2, 3] -= (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2.0
    centred[2, 3] -= points[:, 2].min()
    return Group(centred[None], (footprint(transform_points(centred, outline)),))


def row(outlines: Sequence[FloatArray], rng: np.random.Generator) -> Group:
    """Parts that stand side by side along y and touch, each turned by a random number of quarters."""
    poses, footprints, y = [], [], 0.0
    for outline in outlines:
        turned = make_transform(rotation_about([0.0, 0.0, 1.0], rng.integers(4) * np.pi / 2.0), np.zeros(3))
        group = single(turned, outline)
        half = float(group.footprints[0][:, 1].max())
        shift = np.array([0.0, y + half, 0.0])
        poses.append(make_transform(np.eye(3), shift) @ group.poses[0])
        footprints.append(group.footprints[0] + shift[:2])
        # To the eye and to the jaw they touch, to the solver they do not overlap.
        y += 2.0 * half + 1e-5
    middle = make_transform(np.eye(3), [0.0, -y / 2.0, 0.0])
    return Group(np.array([middle @ pose for pose in poses]), tuple(f + middle[:2, 3] for f in footprints))


def throw(
    groups: Sequence[Group], lower: FloatArray, upper: FloatArray, gap: float, rng: np.random.Generator
) -> list[FloatArray] | None:
    """Table from group, (4, 4) each, random and turned at random, inside lower..upper (2,) and `gap` apart.

    The biggest group is thrown first. Where there is no room, the gap narrows down to the last of NARROWINGS;
    None when there is no room then.
    """
    covered = sum(float(ConvexHull(outline).volume) for group in groups for outline in group.footprints)
    if covered > DENSEST * float(np.prod(upper - lower)):
        return None
    order = sorted(range(len(groups)), key=lambda i: -groups[i].radius())
    for narrowing in NARROWINGS:
        for _ in range(LAYOUTS):
            placed: dict[int, _Thrown] = {}
            for index in order:
                found = _throw_one(groups[index], list(placed.values()), lower, upper, narrowing * gap, rng)
                if found is None:
                    break
                placed[index] = found
            else:
                return [placed[index].table_from_group for index in range(len(groups))]
    return None


@dataclass(frozen=True, slots=True)
class _Thrown:
    """A group in its place, its outlines in the table's frame, and the radius of its circle."""

    table_from_group: FloatArray
    outlines: list[FloatArray]
    radius: float


def _throw_one(
    group: Group,
    others: Sequence[_Thrown],
    lower: FloatArray,
    upper: FloatArray,
    gap: float,
    rng: np.random.Generator,
) -> _Thrown | None:
    radius = group.radius()
    for _ in range(THROWS):
        table_from_group = make_transform(
            rotation_about([0.0, 0.0, 1.0], rng.uniform(0.0, 2.0 * np.pi)), [*rng.uniform(lower, upper), 0.0]
        )
        turn, shift = table_from_group[:2, :2], table_from_group[:2, 3]
        outlines = [f @ turn.T + shift for f in group.footprints]
        corners = np.vstack(outlines)
        if (corners < lower).any() or (corners > upper).any():
            continue
        near = [
            other
            for other in others
            if np.linalg.norm(other.table_from_group[:2, 3] - shift) < other.radius + radius + gap
        ]
        if all(separation(a, b) >= gap for other in near for b in other.outlines for a in outlines):
            return _Thrown(table_from_group, outlines, radius)
    return None
