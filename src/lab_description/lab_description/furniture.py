"""What stands in the cell and does not move: furniture, and the destinations of parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np

from lab_core.geometry.transforms import FloatArray, make_transform, rotation_about, transform_from_xyz_rpy
from lab_description.schema import Angle, Colour, Count, Length, Quantity, Size, Sizes, Vector
from lab_description.tree import GREY


@dataclass(frozen=True)
class FurnitureBox:
    """One box that stands still.

    link: the URDF link that it belongs to. size: (3,) edge lengths, metres. colour: (r, g, b), 0 to 1.
    """

    link: str
    base_from_box: FloatArray
    size: FloatArray
    colour: Colour


@dataclass(frozen=True)
class Block:
    """A box along the axes of base_link: centre and edge lengths, metres."""

    xyz: Vector
    size: Sizes


@dataclass(frozen=True)
class Furniture:
    """A piece of furniture made of blocks."""

    blocks: tuple[Block, ...]
    colour: Colour = GREY

    def boxes(self, link: str) -> list[FurnitureBox]:
        """The blocks, in base_link."""
        return [
            FurnitureBox(link, make_transform(np.eye(3), block.xyz), np.array(block.size), self.colour)
            for block in self.blocks
        ]


@dataclass(frozen=True)
class Range:
    """From minimum to maximum, metres."""

    minimum: Length
    maximum: Length

    def __post_init__(self) -> None:
        if not self.minimum < self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is not below maximum {self.maximum:g}")


@dataclass(frozen=True)
class Workspace:
    """Where parts may lie, a box along the axes of base_link."""

    x: Range
    y: Range
    z: Range

    @cached_property
    def lower(self) -> FloatArray:
        """(3,) metres."""
        return np.array([self.x.minimum, self.y.minimum, self.z.minimum])

    @cached_property
    def upper(self) -> FloatArray:
        """(3,) metres."""
        return np.array([self.x.maximum, self.y.maximum, self.z.maximum])


@dataclass(frozen=True)
class Destination:
    """An open container that stands on the table.

    kind: parts are put down slot by slot on a tray, dropped into a bin.
    xyz, yaw: centre of its underside in base_link, metres, and its turn about z, radians.
    size: inner (x, y), metres. depth: height of the rim above the inner floor. wall: thickness of the walls
    and the floor.
    columns, rows: slots along x and along y.
    """

    kind: Literal["tray", "bin"]
    xyz: Vector
    size: tuple[Size, Size]
    depth: Size
    wall: Annotated[float, Quantity("m", 1e-3, 0.2)]
    columns: Count
    rows: Count
    yaw: Angle = 0.0
    colour: Colour = GREY

    @cached_property
    def base_from_floor(self) -> FloatArray:
        """(4, 4) frame in the centre of the inner floor, z up, x along size[0]."""
        rotation = rotation_about([0.0, 0.0, 1.0], self.yaw)
        return make_transform(rotation, np.add(self.xyz, (0.0, 0.0, self.wall)))

    @property
    def rim_height(self) -> float:
        """Height of the rim in base_link, metres."""
        return self.xyz[2] + self.wall + self.depth

    def slots(self) -> FloatArray:
        """(rows * columns, 4, 4) base_from_slot: centre of each slot on the floor, row by row along x."""
        slots = []
        for row in range(self.rows):
            for column in range(self.columns):
                x = self.size[0] * ((column + 0.5) / self.columns - 0.5)
                y = self.size[1] * ((row + 0.5) / self.rows - 0.5)
                slots.append(self.base_from_floor @ make_transform(np.eye(3), [x, y, 0.0]))
        return np.stack(slots)

    @property
    def slot_size(self) -> FloatArray:
        """(2,) metres."""
        return np.array([self.size[0] / self.columns, self.size[1] / self.rows])

    def boxes(self, link: str) -> list[FurnitureBox]:
        """Floor and four walls, in base_link; cell.urdf.xacro builds the same."""
        x, y = self.size
        wall, depth = self.wall, self.depth
        outer_x = x + 2.0 * wall
        middle = wall + 0.5 * depth
        parts = [
            ((0.0, 0.0, 0.5 * wall), (outer_x, y + 2.0 * wall, wall)),
            ((0.0, 0.5 * (y + wall), middle), (outer_x, wall, depth)),
            ((0.0, -0.5 * (y + wall), middle), (outer_x, wall, depth)),
            ((0.5 * (x + wall), 0.0, middle), (wall, y, depth)),
            ((-0.5 * (x + wall), 0.0, middle), (wall, y, depth)),
        ]
        base_from_link = transform_from_xyz_rpy(self.xyz, (0.0, 0.0, self.yaw))
        return [
            FurnitureBox(
                link, base_from_link @ make_transform(np.eye(3), centre), np.array(size), self.colour
            )
            for centre, size in parts
        ]


def all_boxes(
    furniture: Mapping[str, Furniture], destinations: Mapping[str, Destination]
) -> tuple[FurnitureBox, ...]:
    """Every box of the cell that stands still, in base_link."""
    pieces: dict[str, Furniture | Destination] = {**furniture, **destinations}
    return tuple(box for link, piece in pieces.items() for box in piece.boxes(link))
