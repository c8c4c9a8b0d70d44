"""Scenes for training: anything that a table may hold, laid out fast and without the checks of a task.

Unlike those of `scenes` the parts need not be graspable, nor lie within a workspace, nor quite at rest; what
finds no room is left out.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from lab_core.geometry import FloatArray, make_transform, matrix_from_quaternion
from lab_simulation.scenes.arrangement import Group, row, single, throw
from lab_simulation.scenes.catalogue import KINDS, make_part
from lab_simulation.scenes.drawing import LET_GO, Area, Scene
from lab_simulation.scenes.household import HOUSEHOLD
from lab_simulation.scenes.parts import Part, scaled
from lab_simulation.scenes.settling import pour, settle

MOST_PARTS = 20
MOST_POURED = 12
SETTLE_SECONDS = 1.2
OFF_TABLE = -0.02
"""Metres: what has sunk below this, or is farther out than LOST, is left out."""
LOST = 0.9

Layout = Literal["scattered", "grouped", "standing", "pile", "heap"]
_LAYOUTS: dict[Layout, float] = {
    "scattered": 0.25,
    "grouped": 0.25,
    "standing": 0.2,
    "pile": 0.15,
    "heap": 0.15,
}


def casual_scene(rng: np.random.Generator, seed: int) -> tuple[Scene, Area]:
    """Parts about the origin of a table at z = 0, and where most of them lie."""
    side = rng.uniform(0.30, 0.75)
    half = np.array([side / 2.0, side * rng.uniform(0.6, 1.0) / 2.0])
    area = Area(np.array([*-half, 0.0]), np.array([*half, 0.6]), 0.0)
    layout: Layout = rng.choice(list(_LAYOUTS), p=list(_LAYOUTS.values()))
    count = int(rng.triangular(1.0, 10.0, MOST_PARTS + 1.0))
    household = float(rng.choice([0.0, 0.5, 0.8, 1.0]))
    size = float(rng.uniform(0.7, 1.2))
    parts = [_draw(index, np.random.default_rng([seed, index]), household, size) for index in range(count)]
    if layout in ("pile", "heap"):
        parts = parts[:MOST_POURED]
        spread = rng.uniform(0.04, 0.12) if layout == "heap" else rng.uniform(0.02, 0.05)
        starts = [make_transform(_turn(rng), [*rng.normal(0.0, spread, 2), 0.0]) for _ in parts]
        poses = pour(parts, starts, SETTLE_SECONDS, 0.0, np.zeros(2), float(half.min()) + 0.1, patient=False)
    else:
        parts, starts = _lay_out(parts, layout, area, rng)
        poses = settle(parts, starts, SETTLE_SECONDS, patient=False)
    if poses is None:  # the physics blew up
        return Scene((), np.empty((0, 4, 4))), area
    kept = (poses[:, 2, 3] > OFF_TABLE) & (np.abs(poses[:, :2, 3]).max(axis=1, initial=0.0) < LOST)
    return Scene(tuple(part for part, keep in zip(parts, kept, strict=True) if keep), poses[kept]), area


def _draw(index: int, rng: np.random.Generator, household: float, size: float) -> Part:
    """A thing of 1 to 25 cm. household: the share of household kinds. size: of all things of the scene."""
    everyday = rng.random() < household
    kind = str(rng.choice(list(HOUSEHOLD if everyday else KINDS)))
    part = make_part(kind, f"{kind}_{index + 1:02d}", rng)
    return scaled(part, size * float(rng.uniform(0.6, 1.15) if everyday else rng.uniform(0.5, 1.8)))


def _lay_out(
    parts: list[Part], layout: Layout, area: Area, rng: np.random.Generator
) -> tuple[list[Part], list[FloatArray]]:
    """Parts that fit, and where each is let go."""
    gap = float(rng.uniform(0.0, 0.05))
    outlines = [part.outline() for part in parts]
    standing = [layout == "standing" or rng.random() < 0.4 for _ in parts]
    turns = [np.eye(3) if up else _flat(o, rng) for up, o in zip(standing, outlines, strict=True)]
    while True:
        groups: list[Group] = []
        start = 0
        while start < len(parts):
            end = min(len(parts), start + (int(rng.integers(1, 6)) if layout == "grouped" else 1))
            if end - start == 1:
                groups.append(single(make_transform(turns[start], np.zeros(3)), outlines[start]))
            else:
                groups.append(row(outlines[start:end], rng))
            start = end
        placed = throw(groups, area.lower[:2], area.upper[:2], gap, rng)
        if placed is not None:
            lift = make_transform(np.eye(3), [0.0, 0.0, LET_GO])
            poses = [
                lift @ table_from_group @ pose
                for table_from_group, group in zip(placed, groups, strict=True)
                for pose in group.poses
            ]
            return parts, poses
        keep = len(parts) * 3 // 4
        parts, outlines, turns = parts[:keep], outlines[:keep], turns[:keep]


def _flat(outline: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A turn (3, 3) that lays a part on one of the sides of its box, mostly the largest."""
    extent = np.ptp(outline, axis=0)
    up = int(np.argmin(extent)) if rng.random() < 0.7 else int(rng.integers(3))
    axes = [(up + 1) % 3, (up + 2) % 3, up]
    turn = np.zeros((3, 3))
    turn[[0, 1, 2], axes] = 1.0
    return turn


def _turn(rng: np.random.Generator) -> FloatArray:
    """Uniform over all rotations."""
    return matrix_from_quaternion(rng.normal(size=4))
