"""The room around a table in training frames: table, legs, floor, furniture and walls, none of it a part."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from lab_simulation.look import printing
from lab_simulation.look.canvas import any_colour, blank
from lab_simulation.look.skins import Ground, draw_floor, draw_table
from lab_simulation.scenes.drawing import Area

_TABLE, _FLOOR = "table", "floor"


@dataclass(frozen=True, slots=True)
class Room:
    """Names of geoms. tables: what parts lie on. floors: what is below or behind, in one pattern."""

    tables: tuple[str, ...]
    floors: tuple[str, ...]


def add_room(spec: mujoco.MjSpec, rng: np.random.Generator, area: Area) -> Room:
    """A table whose top is at z = 0 and that is larger than the area, a floor, and what stands around."""
    world = spec.worldbody
    reach = np.maximum(np.abs(area.lower[:2]), np.abs(area.upper[:2])) + rng.uniform(0.03, 0.5, 2)
    thick, below = rng.uniform(0.015, 0.05), rng.uniform(0.35, 0.9)
    box, cylinder = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER
    fixed = {"contype": 0, "conaffinity": 0}
    kind = rng.random()
    if kind < 0.2:
        radius = float(np.linalg.norm(area.upper[:2])) + rng.uniform(0.02, 0.3)
        world.add_geom(name=_TABLE, type=cylinder, size=[radius, thick, 0], pos=[0, 0, -thick], **fixed)
    else:
        if kind < 0.4:  # a work bench: the whole image is table
            reach += 2.0
        world.add_geom(name=_TABLE, type=box, size=[*reach, thick], pos=[0, 0, -thick], **fixed)
        for x in (-0.9, 0.9):
            for y in (-0.9, 0.9):
                at = [x * reach[0], y * reach[1], -below / 2.0 - thick]
                world.add_geom(type=box, size=[0.025, 0.025, below / 2.0], pos=at, rgba=_paint(rng), **fixed)
    world.add_geom(
        name=_FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[8, 8, 0.1],
        pos=[0, 0, -below - 2 * thick],
        **fixed,
    )
    floors = [_FLOOR]
    for index in range(rng.poisson(3.0)):  # chairs, cupboards, cases: whatever stands around
        angle, away = rng.uniform(0.0, 2.0 * np.pi), float(np.linalg.norm(reach)) + rng.uniform(0.3, 1.8)
        size = rng.uniform(0.05, 0.4, 3)
        at = [
            away * np.cos(angle),
            away * np.sin(angle),
            -below - 2 * thick + size[2] * rng.uniform(0.6, 1.5),
        ]
        form = box if rng.random() < 0.7 else cylinder
        world.add_geom(
            name=f"thing/{index}", type=form, size=size, pos=at, rgba=_paint(rng),
            quat=[*rng.normal(size=2), 0.0, rng.normal()] if rng.random() < 0.3 else [1, 0, 0, rng.normal()],
            **fixed,
        )  # fmt: skip
    if rng.random() < 0.7:  # a wall
        angle, away = rng.uniform(0.0, 2.0 * np.pi), float(np.linalg.norm(reach)) + rng.uniform(0.05, 2.0)
        world.add_geom(
            type=box, size=[0.05, 4.0, 3.0], pos=[away * np.cos(angle), away * np.sin(angle), 0.0],
            quat=[np.cos(angle / 2.0), 0.0, 0.0, np.sin(angle / 2.0)], rgba=_paint(rng), **fixed,
        )  # fmt: skip
    return Room((_TABLE,), tuple(floors))


def draw_grounds(rng: np.random.Generator, model: mujoco.MjModel, room: Room) -> dict[int, Ground]:
    """What table and floor are made of; papers and drawings may lie on the table, too thin for depth."""
    top = draw_table(rng)
    if rng.random() < 0.25:
        for _ in range(int(rng.integers(1, 4))):
            size = rng.integers(80, 320, 2)
            paper = blank(
                int(size[0]), int(size[1]), any_colour(rng) if rng.random() < 0.4 else (235, 235, 230), 0.1
            )
            printing.print_label(rng, paper, float(rng.random()))
            row, column = (int(rng.integers(0, 1024 - edge)) for edge in size)
            top.canvas[row : row + size[0], column : column + size[1]] = paper
    floor = draw_floor(rng)
    grounds = {model.geom(name).id: top for name in room.tables}
    grounds.update({model.geom(name).id: floor for name in room.floors})
    return grounds


def _paint(rng: np.random.Generator) -> list[float]:
    return [*(channel / 255.0 for channel in any_colour(rng)), 1.0]
