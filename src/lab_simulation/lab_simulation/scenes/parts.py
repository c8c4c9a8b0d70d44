"""Kinds of parts: what each is made of, and how one is drawn by seed.

A part is a rigid set of convex pieces, with a finer mesh for the eye where the pieces are coarse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lab_core.geometry import FloatArray, make_transform, transform_points
from lab_simulation.scenes.solids import Solid

MASS_RANGE = (0.020, 0.500)
"""Kilograms: what a drawn part may weigh."""

DENSITIES = {"plastic": 1100.0, "aluminium": 2700.0, "steel": 7850.0}
"""Kilograms per cubic metre."""

COLOURS: Mapping[str, tuple[float, float, float]] = {
    "red": (0.78, 0.11, 0.12),
    "orange": (0.93, 0.45, 0.06),
    "yellow": (0.95, 0.78, 0.10),
    "green": (0.13, 0.55, 0.22),
    "cyan": (0.05, 0.62, 0.68),
    "blue": (0.10, 0.27, 0.72),
    "purple": (0.45, 0.18, 0.62),
    "pink": (0.90, 0.42, 0.62),
    "black": (0.07, 0.07, 0.08),
}
"""Linear RGB in 0..1; far from the grey of the table and from each other."""

Form = Literal["box", "cylinder", "sphere", "mesh"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One primitive or mesh of a part.

    size: box: half lengths (x, y, z); cylinder along z: (radius, half length, 0); sphere: (radius, 0, 0).
    solid: takes part in contact (then it must be convex). visible: the camera sees it. curved: a mesh
    that can roll.
    """

    form: Form
    size: tuple[float, float, float] = (0.0, 0.0, 0.0)
    part_from_piece: FloatArray | None = None
    mesh: Solid | None = None
    solid: bool = True
    visible: bool = True
    curved: bool = False

    @property
    def pose(self) -> FloatArray:
        """(4, 4) part from piece."""
        return np.eye(4) if self.part_from_piece is None else self.part_from_piece

    @property
    def rolls(self) -> bool:
        """Whether it can roll."""
        return self.curved or self.form in ("sphere", "cylinder")

    def volume(self) -> float:
        """Cubic metres."""
        x, y, z = self.size
        if self.form == "box":
            return 8.0 * x * y * z
        if self.form == "cylinder":
            return 2.0 * np.pi * x * x * y
        if self.form == "sphere":
            return 4.0 / 3.0 * np.pi * x**3
        assert self.mesh is not None
        return self.mesh.volume()

    def centroid(self) -> FloatArray:
        """(3,) in the frame of the part."""
        local = self.mesh.centroid() if self.mesh is not None else np.zeros(3)
        return transform_points(self.pose, local)

    def outline(self) -> FloatArray:
        """(N, 3) points in the frame of the part whose convex hull is that of the piece."""
        if self.mesh is not None:
            return transform_points(self.pose, self.mesh.vertices)
        x, y, z = self.size
        if self.form == "cylinder":
            angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
            circle = np.column_stack([x * np.cos(angles), x * np.sin(angles)])
            local = np.vstack([np.column_stack([circle, np.full(24, s * y)]) for s in (-1.0, 1.0)])
        elif self.form == "sphere":
            i = np.arange(64) + 0.5
            polar, azimuth = np.arccos(1.0 - i / 32.0), np.pi * (1.0 + 5.0**0.5) * i
            local = x * np.column_stack(
                [np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)]
            )
        else:
            signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), axis=-1).reshape(-1, 3)
            local = signs * np.array([x, y, z])
        return transform_points(self.pose, local)


def scaled(part: Part, factor: float) -> Part:
    """The part `factor` times as large; what it weighs stays within MASS_RANGE."""
    pieces = []
    for piece in part.pieces:
        pose = piece.pose.copy()
        pose[:3, 3] *= factor
        x, y, z = (factor * size for size in piece.size)
        mesh = piece.mesh and Solid(factor * piece.mesh.vertices, piece.mesh.faces)
        pieces.append(replace(piece, size=(x, y, z), part_from_piece=pose, mesh=mesh))
    mass = float(np.clip(part.mass * factor**3, *MASS_RANGE))
    return replace(part, pieces=tuple(pieces), mass=mass)


@dataclass(frozen=True, slots=True)
class Part:
    """A rigid thing on the table; its frame sits in its centre of mass.

    name: unique in a scene. kind: what it is, or the stem of its mesh file. colour: name in COLOURS.
    rgb: (3,) in 0..1. mass: kilograms.
    """

    name: str
    kind: str
    pieces: tuple[Piece, ...]
    material: str
    colour: str
    rgb: tuple[float, float, float]
    mass: float

    def outline(self) -> FloatArray:
        """(N, 3) points in the part frame whose convex hull is that of the part."""
        return np.vstack([piece.outline() for piece in self.pieces if piece.solid])

    def radius(self) -> float:
        """Of the sphere about the part's origin that holds all of it, metres."""
        return float(np.linalg.norm(self.outline(), axis=1).max())


def assemble(
    name: str,
    kind: str,
    pieces: tuple[Piece, ...],
    rng: np.random.Generator,
    colour: str | None = None,
    material: str | None = None,
) -> Part:
    """A part from pieces in any frame: re-centred on its centre of mass, material and colour drawn.

    A material is drawn among those that keep the mass within MASS_RANGE; where none does (very small or very
    big), the nearest is taken and the mass is clipped, as a hollow or a weighted part would have it.
    """
    solids = [piece for piece in pieces if piece.solid]
    volumes = np.array([piece.volume() for piece in solids])
    centre = (volumes[:, None] * np.array([piece.centroid() for piece in solids])).sum(axis=0) / volumes.sum()
    recentre = make_transform(np.eye(3), -centre)
    masses = {key: density * float(volumes.sum()) for key, density in DENSITIES.items()}
    if material is None:
        fitting = [key for key, mass in masses.items() if MASS_RANGE[0] <= mass <= MASS_RANGE[1]]
        middle = float(np.sqrt(MASS_RANGE[0] * MASS_RANGE[1]))
        nearest = min(masses, key=lambda key: abs(np.log(masses[key] / middle)))
        material = str(rng.choice(fitting)) if fitting else nearest
    if colour is None:
        colour = str(rng.choice(list(COLOURS)))
    shade = 1.0 + rng.uniform(-0.12, 0.12)
    red, green, blue = (min(1.0, channel * shade) for channel in COLOURS[colour])
    return Part(
        name=name,
        kind=kind,
        pieces=tuple(replace(piece, part_from_piece=recentre @ piece.pose) for piece in pieces),
        material=material,
        colour=colour,
        rgb=(red, green, blue),
        mass=float(np.clip(masses[material], *MASS_RANGE)),
    )
