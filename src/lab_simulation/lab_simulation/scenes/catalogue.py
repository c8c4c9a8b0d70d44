"""The kinds of parts that scenes are drawn from, with the range of every dimension.

All can be gripped by a jaw that opens 85 mm in at least one way, and none is flatter than 15 mm.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lab_simulation.errors import SceneError
from lab_simulation.scenes.household import HOUSEHOLD
from lab_simulation.scenes.kind import Dimensions, Kind, box_piece, cylinder_piece, hollow
from lab_simulation.scenes.parts import COLOURS, DENSITIES, Part, Piece, assemble
from lab_simulation.scenes.solids import (
    FlatSolid,
    frustum,
    hull,
    prism,
    ray_polygon_radius,
    regular_polygon,
    ring,
    ring_sectors,
)

DIMENSION_LIMITS = (0.003, 0.300)
"""Metres: what a dimension given in a scene file may be."""


def make_part(
    kind: str,
    name: str,
    rng: np.random.Generator,
    dimensions: Mapping[str, float] | None = None,
    colour: str | None = None,
    material: str | None = None,
) -> Part:
    """A part of a kind of NAMED_KINDS; what is not given is drawn.

    Raises SceneError on an unknown kind, dimension, colour or material, or a dimension out of range.
    """
    if kind not in NAMED_KINDS:
        raise SceneError(f"no part kind '{kind}'; use one of: {', '.join(sorted(NAMED_KINDS))}")
    if colour is not None and colour not in COLOURS:
        raise SceneError(f"no colour '{colour}' for a part; use one of: {', '.join(COLOURS)}")
    if material is not None and material not in DENSITIES:
        raise SceneError(f"no material '{material}' for a part; use one of: {', '.join(DENSITIES)}")
    recipe = NAMED_KINDS[kind]
    drawn = {key: float(rng.uniform(*limits)) for key, limits in recipe.dimensions.items()}
    for key, value in (dimensions or {}).items():
        if key not in drawn:
            raise SceneError(f"a {kind} has no dimension '{key}'; it has: {', '.join(drawn)}")
        if not DIMENSION_LIMITS[0] <= value <= DIMENSION_LIMITS[1]:
            raise SceneError(
                f"dimension {key} of a {kind} is {value} m;"
                f" use {DIMENSION_LIMITS[0]} to {DIMENSION_LIMITS[1]} m"
            )
        drawn[key] = value
    try:
        pieces = recipe.build(drawn, rng)
    except FlatSolid as error:
        raise SceneError(f"a {kind} cannot have the dimensions {drawn}; it would be flat") from error
    if any(piece.volume() <= 0.0 for piece in pieces):
        raise SceneError(f"a {kind} cannot have the dimensions {drawn}; a wall would be thinner than nothing")
    return assemble(name, kind, pieces, rng, colour, material)


def _block(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return (box_piece(d["x"], d["y"], d["z"]),)


def _round(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return (cylinder_piece(d["diameter"], d["height"]),)


def _sphere(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return (Piece("sphere", (d["diameter"] / 2.0, 0.0, 0.0)),)


def _l_piece(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    wall, length, side, z = d["wall"], d["length"], d["side"], d["z"]
    return (
        box_piece(length, wall, z, (length / 2.0, wall / 2.0, 0.0)),
        box_piece(wall, side - wall, z, (wall / 2.0, (side + wall) / 2.0, 0.0)),
    )


def _t_piece(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    wall, length, stem, z = d["wall"], d["length"], d["stem"], d["z"]
    return (box_piece(length, wall, z), box_piece(wall, stem, z, (0.0, -(wall + stem) / 2.0, 0.0)))


def _u_profile(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    wall, width, side, z = d["wall"], d["width"], d["side"], d["z"]
    flank = (width - wall) / 2.0
    return (
        box_piece(width, wall, z),
        box_piece(wall, side - wall, z, (-flank, side / 2.0, 0.0)),
        box_piece(wall, side - wall, z, (flank, side / 2.0, 0.0)),
    )


def _cone(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    bottom, top = (regular_polygon(32, d[key] / 2.0) for key in ("bottom", "top"))
    return (Piece("mesh", mesh=frustum(bottom, top, d["height"]), curved=True),)


def _wedge(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    x, y = d["x"] / 2.0, d["y"] / 2.0
    bottom = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    top = np.array([[-x, -y], [-x + d["edge"], -y], [-x + d["edge"], y], [-x, y]])
    return (Piece("mesh", mesh=frustum(bottom, top, d["z"])),)


def _pebble(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    directions = rng.normal(size=(26, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return (Piece("mesh", mesh=hull(directions * np.array([d["x"], d["y"], d["z"]]) / 2.0)),)


def _hex_nut(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    outer, bore, height = d["across_flats"] / np.sqrt(3.0), d["bore"] / 2.0, d["height"]
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    seen = ring(directions * ray_polygon_radius(6, float(outer), angles)[:, None], directions * bore, height)
    felt = ring_sectors(regular_polygon(6, outer), regular_polygon(6, bore), height)
    return hollow(seen, felt)


def _bolt(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    head, length = d["head_height"], d["length"]
    hexagon = prism(regular_polygon(6, d["across_flats"] / np.sqrt(3.0)), head)
    return (Piece("mesh", mesh=hexagon), cylinder_piece(d["shank"], length - head, length / 2.0))


def _ring(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    outer, inner, height = d["outer"] / 2.0, d["inner"] / 2.0, d["height"]
    seen = ring(regular_polygon(48, outer), regular_polygon(48, inner), height)
    # 16 pieces: corners on the circle, edges 2 % inside it.
    felt = ring_sectors(regular_polygon(16, outer), regular_polygon(16, inner), height)
    return hollow(seen, felt)


def _gear(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    teeth, root, tip, height = 8, d["diameter"] / 2.0 - d["tooth"], d["diameter"] / 2.0, d["height"]
    width = np.pi * root / teeth
    half = np.arcsin(width / 2.0 / root)
    radii = np.array([root, np.hypot(width / 2.0, tip), np.hypot(width / 2.0, tip), root])
    offsets = np.array([-half, -np.arctan2(width / 2.0, tip), np.arctan2(width / 2.0, tip), half])
    angles = (np.arange(teeth)[:, None] * (2.0 * np.pi / teeth) + offsets).ravel()
    outline = np.tile(radii, teeth)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    pieces = [Piece("mesh", mesh=prism(outline, height), solid=False)]
    core = regular_polygon(2 * teeth, root, phase=half)
    pieces.append(Piece("mesh", mesh=prism(core, height), visible=False))
    for tooth in range(teeth):
        corners = outline[4 * tooth : 4 * tooth + 4]
        pieces.append(Piece("mesh", mesh=frustum(corners, corners, height), visible=False))
    return tuple(pieces)


def _cross(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    wall, length, z = d["wall"], d["length"], d["z"]
    arm = (length - wall) / 2.0
    sides = [box_piece(wall, arm, z, (0.0, sign * (wall + arm) / 2.0, 0.0)) for sign in (-1.0, 1.0)]
    return (box_piece(length, wall, z), *sides)


_KINDS = (
    Kind("box", {"x": (0.025, 0.055), "y": (0.025, 0.055), "z": (0.025, 0.055)}, _block),
    Kind("plate", {"x": (0.045, 0.080), "y": (0.035, 0.060), "z": (0.015, 0.020)}, _block),
    Kind("bar", {"x": (0.020, 0.032), "y": (0.020, 0.032), "z": (0.060, 0.080)}, _block),
    Kind("cylinder", {"diameter": (0.025, 0.050), "height": (0.035, 0.070)}, _round),
    Kind("disc", {"diameter": (0.035, 0.060), "height": (0.015, 0.022)}, _round),
    Kind("sphere", {"diameter": (0.030, 0.050)}, _sphere, stands=False),
    Kind("cone", {"bottom": (0.040, 0.055), "top": (0.015, 0.025), "height": (0.035, 0.055)}, _cone),
    Kind(
        "wedge",
        {"x": (0.040, 0.060), "y": (0.030, 0.045), "z": (0.025, 0.040), "edge": (0.010, 0.015)},
        _wedge,
    ),
    Kind(
        "l_piece",
        {"length": (0.050, 0.070), "side": (0.035, 0.055), "wall": (0.015, 0.020), "z": (0.018, 0.030)},
        _l_piece,
    ),
    Kind(
        "t_piece",
        {"length": (0.050, 0.070), "stem": (0.020, 0.035), "wall": (0.015, 0.020), "z": (0.018, 0.030)},
        _t_piece,
    ),
    Kind(
        "u_profile",
        {"width": (0.045, 0.060), "side": (0.030, 0.045), "wall": (0.008, 0.012), "z": (0.025, 0.045)},
        _u_profile,
    ),
    Kind("cross", {"length": (0.045, 0.065), "wall": (0.015, 0.020), "z": (0.018, 0.028)}, _cross),
    Kind(
        "hex_nut",
        {"across_flats": (0.036, 0.055), "bore": (0.016, 0.022), "height": (0.016, 0.028)},
        _hex_nut,
    ),
    Kind(
        "bolt",
        {
            "across_flats": (0.026, 0.036),
            "head_height": (0.015, 0.020),
            "shank": (0.015, 0.020),
            "length": (0.055, 0.080),
        },
        _bolt,
    ),
    Kind("ring", {"outer": (0.045, 0.065), "inner": (0.022, 0.030), "height": (0.015, 0.022)}, _ring),
    Kind("tube", {"outer": (0.032, 0.045), "inner": (0.018, 0.024), "height": (0.040, 0.065)}, _ring),
    Kind("gear", {"diameter": (0.045, 0.060), "tooth": (0.005, 0.007), "height": (0.016, 0.024)}, _gear),
    Kind("pebble", {"x": (0.045, 0.065), "y": (0.035, 0.050), "z": (0.028, 0.040)}, _pebble, stands=False),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""What scenes are drawn from unless they say otherwise."""
NAMED_KINDS: Mapping[str, Kind] = {**KINDS, **HOUSEHOLD}
"""All kinds that a scene may ask for by name."""
