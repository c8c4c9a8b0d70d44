"""Things of kitchens, offices and workshops: mugs, bottles, cartons, pouches, markers, tools.

Scenes may name them; none is drawn unless it is named, as many are too wide or too flat for a gripper that
opens 85 mm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from lab_core.geometry import FloatArray, make_transform, rotation_about
from lab_simulation.scenes.kind import Dimensions, Kind, box_piece, cylinder_piece, hollow
from lab_simulation.scenes.parts import Piece
from lab_simulation.scenes.solids import Solid, frustum, hull, lathe, regular_polygon

_SIDES = 40
_SECTORS = 12


def _lying(diameter: float, length: float, x: float) -> Piece:
    """A cylinder along x about a point of the x axis."""
    pose = make_transform(rotation_about([0.0, 1.0, 0.0], np.pi / 2.0), (x, 0.0, 0.0))
    return Piece("cylinder", (diameter / 2.0, length / 2.0, 0.0), pose)


def _vessel(bottom: float, top: float, height: float, wall: float) -> tuple[Piece, ...]:
    """An open cup, its bottom at -height / 2; bottom, top: outer radii."""
    z = height / 2.0
    profile = np.array([[bottom, -z], [top, z], [top - wall, z], [bottom - wall, -z + wall]])
    seen = lathe(profile, _SIDES)
    angles = np.linspace(0.0, 2.0 * np.pi, _SECTORS + 1)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    felt = []
    for one, other in pairwise(circle):
        corners = [[*(radius * side), at] for radius, at in profile for side in (one, other)]
        felt.append(hull(np.array(corners)))
    foot = regular_polygon(_SECTORS, bottom - wall / 2.0)
    base = frustum(foot, foot, wall)
    felt.append(Solid(base.vertices - [0.0, 0.0, z - wall / 2.0], base.faces))
    return hollow(seen, felt)


def _turned(profile: Sequence[tuple[float, float]], curved: bool = True) -> Piece:
    """A solid of revolution whose profile (radius, z), bottom to top, is convex."""
    return Piece("mesh", mesh=lathe(np.array(profile), _SIDES), curved=curved)


def _mug(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    radius, height, grip = d["diameter"] / 2.0, d["height"], d["handle"]
    pieces = list(_vessel(radius * rng.uniform(0.75, 1.0), radius, height, d["wall"]))
    thick = min(0.011, 0.2 * height)
    angles = np.linspace(-np.pi / 2.0, np.pi / 2.0, 6)
    arc = np.column_stack([radius * 0.93 + grip * np.cos(angles), 0.32 * height * np.sin(angles)])
    for start, end in pairwise(arc):
        middle, along = (start + end) / 2.0, end - start
        turn = rotation_about([0.0, 1.0, 0.0], -np.arctan2(along[1], along[0]))
        size = (float(np.linalg.norm(along)) / 2.0 + 0.3 * thick, 0.6 * thick, 0.4 * thick)
        pieces.append(Piece("box", size, make_transform(turn, (middle[0], 0.0, middle[1]))))
    return tuple(pieces)


def _cup(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return _vessel(d["bottom"] / 2.0, d["top"] / 2.0, d["height"], d["wall"])


def _bottle(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    body, neck, tall, shoulder = d["diameter"] / 2.0, d["neck"] / 2.0, d["height"], d["shoulder"]
    cap = 0.12 * tall
    low = -tall / 2.0
    top = low + tall - cap
    profile = [(body * 0.92, low), (body, low + 0.05 * tall), (body, top - shoulder), (neck, top)]
    return (_turned(profile), cylinder_piece(2.1 * neck, cap, top + cap / 2.0))


def _can(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    radius, z = d["diameter"] / 2.0, d["height"] / 2.0
    return (_turned([(0.86 * radius, -z), (radius, -0.93 * z), (radius, 0.9 * z), (0.84 * radius, z)]),)


def _jar(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    lid = 0.22 * d["height"]
    return (
        cylinder_piece(d["diameter"], d["height"] - lid, -lid / 2.0),
        cylinder_piece(d["diameter"] * 1.03, lid, (d["height"] - lid) / 2.0),
    )


def _carton(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return (box_piece(d["x"], d["y"], d["z"]),)


def _lunch_box(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    lid, lip = 0.25 * d["z"], 0.004
    low = _rounded(d["x"] - lip, d["y"] - lip, 0.15)
    high = _rounded(d["x"], d["y"], 0.15)
    body, cover = frustum(0.9 * low, low, d["z"] - lid), frustum(high, 0.97 * high, lid)
    return (
        Piece("mesh", part_from_piece=_raised(-lid / 2.0), mesh=body),
        Piece("mesh", part_from_piece=_raised((d["z"] - lid) / 2.0), mesh=cover),
    )


def _pouch(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    """A filled bag: a cushion that is flat along its seams."""
    u, v = np.meshgrid(np.linspace(-1.0, 1.0, 17), np.linspace(-1.0, 1.0, 17))
    full = ((1.0 - np.abs(u) ** 3.0) * (1.0 - np.abs(v) ** 2.5)) ** 0.7
    full = full + 0.05 * rng.normal(size=(4, 4)).repeat(5, 0).repeat(5, 1)[:17, :17] * (full > 0.1)
    z = d["z"] / 2.0 * np.clip(full, 0.0, 1.2)
    flat = np.column_stack([u.ravel() * d["x"] / 2.0, v.ravel() * d["y"] / 2.0])
    points = np.vstack([np.column_stack([flat, s * (z.ravel() + 0.0015)]) for s in (-1.0, 1.0)])
    return (Piece("mesh", mesh=hull(points)),)


def _marker(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    length, cap = d["length"], d["cap"]
    return (
        _lying(d["diameter"], length - cap, -cap / 2.0),
        _lying(d["diameter"] * 1.08, cap, (length - cap) / 2.0),
    )


def _screwdriver(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    handle, length = d["handle"], d["length"]
    return (
        _lying(d["diameter"], handle, -(length - handle) / 2.0),
        _lying(0.25 * d["diameter"], length - handle, handle / 2.0),
    )


def _studded_brick(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    pitch, studs = d["pitch"], int(rng.integers(2, 5))
    pieces = [box_piece(studs * pitch, pitch * int(rng.integers(1, 3)), d["z"])]
    for index in range(studs):
        at = ((index - (studs - 1) / 2.0) * pitch, 0.0, d["z"] / 2.0 + 0.12 * pitch)
        pieces.append(Piece("cylinder", (0.3 * pitch, 0.12 * pitch, 0.0), make_transform(np.eye(3), at)))
    return tuple(pieces)


def _bowl(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    return _vessel(0.28 * d["diameter"], d["diameter"] / 2.0, d["height"], d["wall"])


def _spray(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    body, tall = d["diameter"] / 2.0, d["height"]
    head = 0.2 * tall
    profile = [(body, -tall / 2.0), (body, 0.15 * tall), (0.4 * body, 0.35 * tall)]
    return (
        _turned(profile),
        box_piece(1.3 * body, 0.7 * body, head, (0.25 * body, 0.0, 0.35 * tall + head / 2.0)),
        box_piece(0.3 * body, 0.3 * body, head, (0.8 * body, 0.0, 0.25 * tall)),
    )


def _toy(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    """Body and head of balls, a beak or nose of a box."""
    body, head = d["body"] / 2.0, d["head"] / 2.0
    pebble = rng.normal(size=(40, 3))
    pebble /= np.linalg.norm(pebble, axis=1, keepdims=True)
    trunk = hull(pebble * np.array([1.3, 0.95, 0.8]) * body)
    at = np.array([0.55 * body, 0.0, 0.75 * body + 0.6 * head])
    return (
        Piece("mesh", mesh=trunk, curved=True),
        Piece("sphere", (head, 0.0, 0.0), make_transform(np.eye(3), at)),
        box_piece(0.9 * head, 0.7 * head, 0.35 * head, (float(at[0] + head), 0.0, float(at[2]))),
    )


def _tray(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    x, y, z, wall = d["x"], d["y"], d["z"], d["wall"]
    rise = -z / 2.0
    pieces = [box_piece(x, y, wall, (0.0, 0.0, rise + wall / 2.0))]
    for sign in (-1.0, 1.0):
        pieces.append(box_piece(wall, y, z - wall, (sign * (x - wall) / 2.0, 0.0, wall / 2.0)))
        pieces.append(box_piece(x - 2.0 * wall, wall, z - wall, (0.0, sign * (y - wall) / 2.0, wall / 2.0)))
    return tuple(pieces)


def _egg(d: Dimensions, rng: np.random.Generator) -> tuple[Piece, ...]:
    """Fruit, eggs, stones: a smooth body of three half axes."""
    i = np.arange(160) + 0.5
    polar, azimuth = np.arccos(1.0 - i / 80.0), np.pi * (1.0 + 5.0**0.5) * i
    ball = np.column_stack([np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)])
    ball[:, :2] *= 1.0 + rng.uniform(-0.2, 0.2) * ball[:, 2:]
    return (Piece("mesh", mesh=hull(ball * np.array([d["x"], d["y"], d["z"]]) / 2.0), curved=True),)


def _raised(z: float) -> FloatArray:
    """(4, 4) at a height."""
    return make_transform(np.eye(3), (0.0, 0.0, z))


def _rounded(x: float, y: float, corner: float) -> FloatArray:
    """A rectangle (N, 2) with rounded corners; corner: share of its shorter edge."""
    radius = corner * min(x, y)
    angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False) + np.pi / 24.0
    circle = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(circle + np.sign(circle) * (np.array([x, y]) / 2.0 - radius), dtype=np.float64)


_KINDS = (
    Kind(
        "mug",
        {"diameter": (0.065, 0.10), "height": (0.07, 0.12), "wall": (0.003, 0.005), "handle": (0.018, 0.032)},
        _mug,
    ),
    Kind(
        "cup",
        {"bottom": (0.04, 0.07), "top": (0.06, 0.095), "height": (0.05, 0.13), "wall": (0.002, 0.004)},
        _cup,
    ),
    Kind(
        "bottle",
        {
            "diameter": (0.045, 0.095),
            "neck": (0.018, 0.035),
            "height": (0.12, 0.25),
            "shoulder": (0.02, 0.06),
        },
        _bottle,
    ),
    Kind("can", {"diameter": (0.05, 0.075), "height": (0.08, 0.17)}, _can),
    Kind("jar", {"diameter": (0.045, 0.11), "height": (0.05, 0.20)}, _jar),
    Kind("carton", {"x": (0.04, 0.22), "y": (0.03, 0.16), "z": (0.02, 0.20)}, _carton),
    Kind("pack", {"x": (0.03, 0.12), "y": (0.02, 0.08), "z": (0.01, 0.04)}, _carton),
    Kind("book", {"x": (0.12, 0.24), "y": (0.09, 0.17), "z": (0.01, 0.035)}, _carton),
    Kind("lunch_box", {"x": (0.10, 0.22), "y": (0.08, 0.15), "z": (0.04, 0.09)}, _lunch_box),
    Kind("pouch", {"x": (0.07, 0.17), "y": (0.09, 0.22), "z": (0.02, 0.07)}, _pouch),
    Kind(
        "marker",
        {"diameter": (0.009, 0.022), "length": (0.10, 0.15), "cap": (0.03, 0.05)},
        _marker,
        stands=False,
    ),
    Kind(
        "screwdriver",
        {"diameter": (0.018, 0.034), "handle": (0.07, 0.11), "length": (0.14, 0.24)},
        _screwdriver,
        stands=False,
    ),
    Kind("studded_brick", {"pitch": (0.016, 0.045), "z": (0.012, 0.05)}, _studded_brick),
    Kind("bowl", {"diameter": (0.10, 0.18), "height": (0.04, 0.08), "wall": (0.003, 0.005)}, _bowl),
    Kind("spray", {"diameter": (0.05, 0.09), "height": (0.16, 0.25)}, _spray),
    Kind("toy", {"body": (0.04, 0.09), "head": (0.025, 0.05)}, _toy, stands=False),
    Kind("tray", {"x": (0.10, 0.24), "y": (0.08, 0.18), "z": (0.02, 0.06), "wall": (0.003, 0.005)}, _tray),
    Kind("egg", {"x": (0.02, 0.11), "y": (0.02, 0.09), "z": (0.015, 0.08)}, _egg, stands=False),
)
HOUSEHOLD: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
