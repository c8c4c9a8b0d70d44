"""What a kind of part is, and the shapes that kinds are put together from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import make_transform
from lab_simulation.scenes.parts import Piece
from lab_simulation.scenes.solids import Solid

Dimensions = Mapping[str, float]
Builder = Callable[[Dimensions, np.random.Generator], tuple[Piece, ...]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How to draw one kind of part.

    dimensions: name → (least, most), metres. build: dimensions → pieces. stands: rests on its z face.
    """

    name: str
    dimensions: Mapping[str, tuple[float, float]]
    build: Builder
    stands: bool = True


def box_piece(x: float, y: float, z: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Piece:
    """A box of edges x, y, z about a point, metres."""
    return Piece("box", (x / 2.0, y / 2.0, z / 2.0), make_transform(np.eye(3), at))


def cylinder_piece(diameter: float, height: float, z: float = 0.0) -> Piece:
    """An upright cylinder about a height, metres."""
    return Piece("cylinder", (diameter / 2.0, height / 2.0, 0.0), make_transform(np.eye(3), (0.0, 0.0, z)))


def hollow(seen: Solid, felt: list[Solid]) -> tuple[Piece, ...]:
    """Convex pieces for contact behind one smooth mesh for the eye."""
    return (
        Piece("mesh", mesh=seen, solid=False),
        *(Piece("mesh", mesh=sector, visible=False) for sector in felt),
    )
