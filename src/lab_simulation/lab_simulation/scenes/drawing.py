"""Makes one scene of a recipe: which parts, and where each lies at rest. The seed decides everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import (
    FloatArray,
    make_transform,
    matrix_from_quaternion,
    matrix_from_rpy,
    transform_points,
)
from lab_simulation.errors import SceneError
from lab_simulation.scenes.arrangement import NARROWINGS, Group, footprint, row, separation, single, throw
from lab_simulation.scenes.catalogue import KINDS, make_part
from lab_simulation.scenes.parts import Part
from lab_simulation.scenes.scene_file import MAXIMUM_PARTS, SceneFile
from lab_simulation.scenes.settling import pour, settle

PartSource = Callable[[int, np.random.Generator], Part]
"""Draws the part of an index; its name is unique among indices."""

ATTEMPTS = 12
SETTLE_SECONDS = 6.0
LET_GO = 0.0005
"""Metres above the table at which a part is let go."""
MARGIN = 0.005
"""Metres that a part may lie outside the workspace, or beneath the table, after it has settled."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where parts may lie: lower and upper corner (3,) in base_link and height of the table, metres."""

    lower: FloatArray
    upper: FloatArray
    table_height: float

    @property
    def middle(self) -> FloatArray:
        """(2,)"""
        result: FloatArray = (self.lower[:2] + self.upper[:2]) / 2.0
        return result


@dataclass(frozen=True, slots=True)
class Scene:
    """Parts and where they lie at rest: poses (N, 4, 4) base from part."""

    parts: tuple[Part, ...]
    poses: FloatArray


def make_scene(
    recipe: SceneFile, seed: int, area: Area, count: int | None = None, source: PartSource | None = None
) -> Scene:
    """The scene of a seed. The same arguments give the same scene, bit for bit.

    count: how many parts, unless as many as the recipe says. source: draws the parts instead of the recipe's
    kinds.
    Raises SceneError when the parts do not fit.
    """
    if recipe.arrangement == "placed":
        if (count is not None and count != len(recipe.placed)) or source is not None:
            raise SceneError(
                "the scene places its own parts; leave out the number of parts and the folder of meshes"
            )
        return _placed(recipe, seed, area)
    count = recipe.parts if count is None else count
    if not 0 <= count <= MAXIMUM_PARTS:
        raise SceneError(f"{count} parts are asked for; use 0 to {MAXIMUM_PARTS}")
    draw = source or _kinds_source(recipe)
    parts = [draw(index, np.random.default_rng([seed, index])) for index in range(count)]
    arrange = {"scattered": _scattered, "packed": _packed, "pile": _pile}[recipe.arrangement]
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt, 0xA11])
        poses = arrange(recipe, parts, area, rng)
        if poses is not None and _acceptable(parts, poses, area):
            return Scene(tuple(parts), poses)
    raise SceneError(
        f"{count} parts do not fit on the {area.upper[0] - area.lower[0]:.2f} x"
        f" {area.upper[1] - area.lower[1]:.2f} m of the workspace as '{recipe.arrangement}';"
        f" use fewer parts or another seed{', or a smaller gap' if recipe.arrangement != 'pile' else ''}"
    )


def _kinds_source(recipe: SceneFile) -> PartSource:
    names = [name for name, kind in KINDS.items() if kind.stands or recipe.arrangement != "packed"]
    kinds = list(recipe.kinds) or names

    def draw(index: int, rng: np.random.Generator) -> Part:
        kind = str(rng.choice(kinds))
        return make_part(kind, f"{kind}_{index + 1:02d}", rng)

    return draw


def _scattered(
    recipe: SceneFile, parts: Sequence[Part], area: Area, rng: np.random.Generator
) -> FloatArray | None:
    resting = _resting_poses(parts, rng)
    if resting is None:
        return None
    groups = [single(pose, part.outline()) for part, pose in zip(parts, resting, strict=True)]
    poses = _thrown(groups, area, recipe.gap, rng)
    settled = None if poses is None else settle(parts, poses, SETTLE_SECONDS, area.table_height)
    if settled is None:
        return None
    prints = [
        footprint(transform_points(pose, part.outline())) for part, pose in zip(parts, settled, strict=True)
    ]
    nearest = min((separation(a, b) for i, a in enumerate(prints) for b in prints[:i]), default=np.inf)
    return settled if nearest >= 0.8 * NARROWINGS[-1] * recipe.gap else None


def _packed(
    recipe: SceneFile, parts: Sequence[Part], area: Area, rng: np.random.Generator
) -> FloatArray | None:
    groups, start = [], 0
    while start < len(parts):
        size = int(rng.integers(recipe.group[0], recipe.group[1] + 1))
        groups.append(row([part.outline() for part in parts[start : start + size]], rng))
        start += size
    poses = _thrown(groups, area, recipe.gap, rng)
    return None if poses is None else settle(parts, poses, SETTLE_SECONDS, area.table_height)


def _pile(
    recipe: SceneFile, parts: Sequence[Part], area: Area, rng: np.random.Generator
) -> FloatArray | None:
    poses = [
        make_transform(_random_rotation(rng), [*(area.middle + rng.normal(size=2) * recipe.spread), 0.0])
        for _ in parts
    ]
    radius = float((area.upper[:2] - area.lower[:2]).min()) / 2.0
    return pour(parts, poses, SETTLE_SECONDS, area.table_height, area.middle, radius)


def _placed(recipe: SceneFile, seed: int, area: Area) -> Scene:
    parts, poses = [], []
    for index, item in enumerate(recipe.placed):
        rng = np.random.default_rng([seed, index])
        part = make_part(
            item.kind, f"{item.kind}_{index + 1:02d}", rng, item.dimensions, item.colour, item.material
        )
        upright = single(make_transform(matrix_from_rpy(item.rpy), np.zeros(3)), part.outline()).poses[0]
        at = np.add(item.position, (0.0, 0.0, area.table_height + LET_GO))
        parts.append(part)
        poses.append(make_transform(np.eye(3), at) @ upright)
    settled = settle(parts, poses, SETTLE_SECONDS, area.table_height)
    if settled is None:
        raise SceneError("the parts that the scene places do not come to rest; do they overlap?")
    return Scene(tuple(parts), settled)


def _resting_poses(parts: Sequence[Part], rng: np.random.Generator) -> FloatArray | None:
    """How each part lies after it was let go alone, turned at random."""
    poses = []
    for index, part in enumerate(parts):
        rotation = _random_rotation(rng)
        lowest = float((part.outline() @ rotation.T)[:, 2].min())
        poses.append(make_transform(rotation, [index % 8 * 0.5, index // 8 * 0.5, LET_GO - lowest]))
    return settle(parts, poses, SETTLE_SECONDS)


def _thrown(
    groups: Sequence[Group], area: Area, gap: float, rng: np.random.Generator
) -> list[FloatArray] | None:
    placed = throw(groups, area.lower[:2], area.upper[:2], gap, rng)
    if placed is None:
        return None
    lift = make_transform(np.eye(3), [0.0, 0.0, area.table_height + LET_GO])
    return [
        lift @ table_from_group @ pose
        for table_from_group, group in zip(placed, groups, strict=True)
        for pose in group.poses
    ]


def _acceptable(parts: Sequence[Part], poses: FloatArray, area: Area) -> bool:
    for part, pose in zip(parts, poses, strict=True):
        points = transform_points(pose, part.outline())
        flat = points[:, :2]
        if (flat < area.lower[:2] - MARGIN).any() or (flat > area.upper[:2] + MARGIN).any():
            return False
        if points[:, 2].min() < area.table_height - MARGIN:
            return False
    return True


def _random_rotation(rng: np.random.Generator) -> FloatArray:
    """Uniform over all rotations: a normal vector in four dimensions has no preferred direction."""
    return matrix_from_quaternion(rng.normal(size=4))
