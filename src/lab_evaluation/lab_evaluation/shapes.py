"""Parts that planners are judged on. None of their kinds is in the catalogue that ours was tuned on.

Every kind has a pair of opposite faces that a jaw of 80 mm can take; all stand on their z face unless said
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lab_core.geometry import make_transform
from lab_simulation.scenes.drawing import PartSource
from lab_simulation.scenes.parts import Part, Piece, assemble
from lab_simulation.scenes.solids import Solid, frustum, hull, prism, regular_polygon

Dimensions = Mapping[str, float]
SIDES = 24
"""Of the polygon that stands for a circle: its edges lie 0.9 % inside."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How to draw one kind. dimensions: name → (least, most), metres. stands: rests on its z face."""

    name: str
    dimensions: Mapping[str, tuple[float, float]]
    build: Callable[[Dimensions], tuple[Piece, ...]]
    stands: bool = True


def part_source(shapes: Sequence[Shape], *, standing: bool) -> PartSource:
    """Draws parts of these kinds. standing: only of those that can stand."""
    usable = [shape for shape in shapes if shape.stands or not standing]

    def draw(index: int, rng: np.random.Generator) -> Part:
        shape = usable[int(rng.integers(len(usable)))]
        drawn = {name: float(rng.uniform(*limits)) for name, limits in shape.dimensions.items()}
        return assemble(f"{shape.name}_{index + 1:02d}", shape.name, shape.build(drawn), rng)

    return draw


def _box(x: float, y: float, z: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Piece:
    return Piece("box", (x / 2.0, y / 2.0, z / 2.0), make_transform(np.eye(3), at))


def _mesh(solid: Solid, z: float = 0.0, *, curved: bool = False) -> Piece:
    return Piece("mesh", part_from_piece=make_transform(np.eye(3), (0.0, 0.0, z)), mesh=solid, curved=curved)


def _lathe(profile: Sequence[tuple[float, float]]) -> tuple[Piece, ...]:
    """A solid of revolution from (radius, z) from bottom to top: one frustum between each two."""
    return tuple(
        _mesh(
            frustum(regular_polygon(SIDES, lower), regular_polygon(SIDES, upper), top - bottom),
            0.5 * (bottom + top),
            curved=True,
        )
        for (lower, bottom), (upper, top) in pairwise(profile)
    )


def _shell(
    outer: float, inner: float, outer_top: float, inner_top: float, height: float
) -> tuple[Piece, ...]:
    """A wall of revolution, z from 0: radii at the bottom and at the top."""
    corners = [regular_polygon(SIDES, radius) for radius in (outer, inner, outer_top, inner_top)]
    pieces = []
    for i in range(SIDES):
        j = (i + 1) % SIDES
        below = np.array([corners[0][i], corners[0][j], corners[1][j], corners[1][i]])
        above = np.array([corners[2][i], corners[2][j], corners[3][j], corners[3][i]])
        points = np.vstack(
            [np.column_stack([below, np.zeros(4)]), np.column_stack([above, np.full(4, height)])]
        )
        pieces.append(_mesh(hull(points), curved=True))
    return tuple(pieces)


def _tower(d: Dimensions) -> tuple[Piece, ...]:
    return (_box(d["x"], d["y"], d["z"]),)


def _can(d: Dimensions) -> tuple[Piece, ...]:
    return _lathe([(d["diameter"] / 2.0, 0.0), (d["diameter"] / 2.0, d["height"])])


def _ball(d: Dimensions) -> tuple[Piece, ...]:
    return (Piece("sphere", (d["diameter"] / 2.0, 0.0, 0.0)),)


def _capsule(d: Dimensions) -> tuple[Piece, ...]:
    radius, half = d["diameter"] / 2.0, 0.5 * (d["length"] - d["diameter"])
    ends = [
        Piece("sphere", (radius, 0.0, 0.0), make_transform(np.eye(3), (0.0, 0.0, side * half)))
        for side in (-1.0, 1.0)
    ]
    return (Piece("cylinder", (radius, half, 0.0)), *ends)


def _ellipsoid(d: Dimensions) -> tuple[Piece, ...]:
    i = np.arange(120) + 0.5
    polar, azimuth = np.arccos(1.0 - i / 60.0), np.pi * (1.0 + 5.0**0.5) * i
    sphere = np.column_stack(
        [np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)]
    )
    return (_mesh(hull(sphere * np.array([d["x"], d["y"], d["z"]]) / 2.0), curved=True),)


def _column(d: Dimensions) -> tuple[Piece, ...]:
    return (_mesh(prism(regular_polygon(5, d["diameter"] / 2.0), d["height"])),)


def _pyramid(d: Dimensions) -> tuple[Piece, ...]:
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return (_mesh(frustum(square * d["bottom"], square * d["top"], d["height"])),)


def _bottle(d: Dimensions) -> tuple[Piece, ...]:
    body, neck, height = d["body"] / 2.0, d["neck"] / 2.0, d["height"]
    return _lathe([(body, 0.0), (body, 0.55 * height), (neck, 0.75 * height), (neck, height)])


def _spool(d: Dimensions) -> tuple[Piece, ...]:
    rim, core, height, flange = d["rim"] / 2.0, d["core"] / 2.0, d["height"], d["flange"]
    return (
        *_lathe([(rim, 0.0), (rim, flange)]),
        *_lathe([(core, flange), (core, height - flange)]),
        *_lathe([(rim, height - flange), (rim, height)]),
    )


def _cup(d: Dimensions) -> tuple[Piece, ...]:
    bottom, top, wall, height = d["bottom"] / 2.0, d["top"] / 2.0, d["wall"], d["height"]
    floor = _lathe([(bottom, 0.0), (bottom, wall)])
    shell = _shell(bottom, bottom - wall, top, top - wall, height - wall)
    raised = [
        Piece(
            "mesh", part_from_piece=make_transform(np.eye(3), (0.0, 0.0, wall)), mesh=piece.mesh, curved=True
        )
        for piece in shell
    ]
    return (*floor, *raised)


def _mug(d: Dimensions) -> tuple[Piece, ...]:
    radius, height = d["diameter"] / 2.0, d["height"]
    cup = _cup({"bottom": d["diameter"], "top": d["diameter"], "wall": 0.006, "height": height})
    reach, thick = 0.025, 0.010
    handle = [
        _box(reach, thick, thick, (radius + reach / 2.0 - 0.003, 0.0, z * height)) for z in (0.25, 0.75)
    ]
    bar = _box(thick, thick, 0.5 * height + thick, (radius + reach - 0.003, 0.0, 0.5 * height))
    return (*cup, *handle, bar)


def _h_profile(d: Dimensions) -> tuple[Piece, ...]:
    width, depth, wall, z = d["width"], d["depth"], d["wall"], d["z"]
    side = (width - wall) / 2.0
    return (
        _box(width - 2.0 * wall, wall, z),
        _box(wall, depth, z, (side, 0.0, 0.0)),
        _box(wall, depth, z, (-side, 0.0, 0.0)),
    )


def _tray(d: Dimensions) -> tuple[Piece, ...]:
    x, y, wall, z = d["x"], d["y"], 0.006, d["z"]
    middle = 0.5 * z
    return (
        _box(x, y, wall, (0.0, 0.0, wall / 2.0)),
        *(_box(wall, y, z - wall, (s * (x - wall) / 2.0, 0.0, middle + wall / 2.0)) for s in (-1.0, 1.0)),
        *(
            _box(x - 2.0 * wall, wall, z - wall, (0.0, s * (y - wall) / 2.0, middle + wall / 2.0))
            for s in (-1.0, 1.0)
        ),
    )


def _stairs(d: Dimensions) -> tuple[Piece, ...]:
    step, width, rise = d["step"], d["width"], d["rise"]
    return tuple(
        _box(step, width, rise * (k + 1), ((k - 1.0) * step, 0.0, 0.5 * rise * (k + 1))) for k in range(3)
    )


def _arch(d: Dimensions) -> tuple[Piece, ...]:
    span, depth, wall, height = d["span"], d["depth"], d["wall"], d["height"]
    side = (span - wall) / 2.0
    return (
        _box(span, depth, wall, (0.0, 0.0, height - wall / 2.0)),
        *(_box(wall, depth, height - wall, (s * side, 0.0, (height - wall) / 2.0)) for s in (-1.0, 1.0)),
    )


def _dumbbell(d: Dimensions) -> tuple[Piece, ...]:
    radius, bar, length = d["ball"] / 2.0, d["bar"] / 2.0, d["length"]
    half = 0.5 * length - radius
    balls = [
        Piece("sphere", (radius, 0.0, 0.0), make_transform(np.eye(3), (0.0, 0.0, side * half)))
        for side in (-1.0, 1.0)
    ]
    return (Piece("cylinder", (bar, half, 0.0)), *balls)


PRIMITIVES = (
    Shape("tower", {"x": (0.030, 0.065), "y": (0.030, 0.075), "z": (0.060, 0.120)}, _tower),
    Shape("can", {"diameter": (0.035, 0.068), "height": (0.050, 0.115)}, _can),
    Shape("ball", {"diameter": (0.040, 0.062)}, _ball, stands=False),
    Shape("capsule", {"diameter": (0.030, 0.048), "length": (0.070, 0.110)}, _capsule, stands=False),
    Shape(
        "ellipsoid",
        {"x": (0.060, 0.085), "y": (0.045, 0.062), "z": (0.035, 0.050)},
        _ellipsoid,
        stands=False,
    ),
    Shape("column", {"diameter": (0.040, 0.070), "height": (0.050, 0.110)}, _column),
    Shape("pyramid", {"bottom": (0.045, 0.065), "top": (0.020, 0.040), "height": (0.050, 0.090)}, _pyramid),
)
CONCAVE = (
    Shape("bottle", {"body": (0.045, 0.065), "neck": (0.020, 0.028), "height": (0.090, 0.130)}, _bottle),
    Shape(
        "spool",
        {"rim": (0.050, 0.068), "core": (0.022, 0.034), "height": (0.045, 0.075), "flange": (0.010, 0.014)},
        _spool,
    ),
    Shape(
        "cup",
        {"bottom": (0.040, 0.052), "top": (0.055, 0.070), "wall": (0.005, 0.007), "height": (0.050, 0.085)},
        _cup,
    ),
    Shape("mug", {"diameter": (0.055, 0.068), "height": (0.060, 0.085)}, _mug),
    Shape(
        "h_profile",
        {"width": (0.045, 0.065), "depth": (0.040, 0.060), "wall": (0.010, 0.014), "z": (0.040, 0.080)},
        _h_profile,
    ),
    Shape("tray", {"x": (0.060, 0.085), "y": (0.045, 0.065), "z": (0.030, 0.045)}, _tray),
    Shape("stairs", {"step": (0.018, 0.024), "width": (0.035, 0.055), "rise": (0.016, 0.022)}, _stairs),
    Shape(
        "arch",
        {"span": (0.060, 0.085), "depth": (0.030, 0.045), "wall": (0.012, 0.016), "height": (0.040, 0.060)},
        _arch,
    ),
    Shape(
        "dumbbell",
        {"ball": (0.036, 0.048), "bar": (0.018, 0.024), "length": (0.090, 0.120)},
        _dumbbell,
        stands=False,
    ),
)
FLAT = ("tower", "column", "pyramid", "arch")
CURVED = ("can", "ball", "capsule", "ellipsoid", "bottle", "spool", "dumbbell")
"""Kinds with faces, flat or curved, on which a suction cup finds room; the rest has rims, walls and steps."""
SETS: Mapping[str, tuple[Shape, ...]] = {
    "primitives": PRIMITIVES,
    "concave": CONCAVE,
    "mixed": (*PRIMITIVES, *CONCAVE),
    "flat": tuple(shape for shape in (*PRIMITIVES, *CONCAVE) if shape.name in FLAT),
    "curved": tuple(shape for shape in (*PRIMITIVES, *CONCAVE) if shape.name in CURVED),
}
