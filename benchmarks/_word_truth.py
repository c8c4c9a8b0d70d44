"""What is true of the parts of a simulated scene, by the simulator alone: for the benchmark of words.

Every question has three answers: yes, no, and None where two people could differ. A sentence is asked only
where the truth is clear for every part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from lab_core.geometry import FloatArray, looks, minimum_area_rectangle, transform_points
from lab_simulation.look import Look
from lab_simulation.look.cell_view import part_skin
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.parts import COLOURS, Part

Truth = bool | None

NOUNS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "box": (frozenset({"carton"}), frozenset({"can", "jar", "egg"})),
    "cylinder": (frozenset({"can", "jar"}), frozenset({"carton", "pack", "studded_brick", "egg"})),
}
"""Of each noun: kinds that are it, and kinds that are not; all others are in doubt."""
OTHER_PAINTS = {"white": (0.95, 0.95, 0.95), "grey": (0.55, 0.55, 0.55), "brown": (0.45, 0.28, 0.14)}
MOSTLY, HARDLY = 0.6, 0.08
"""Share of the surface that has a colour: of a part of that colour, and of one that is not."""
AHEAD, ABREAST = np.deg2rad(40.0), np.deg2rad(78.0)
"""Angle to a direction: of a part that lies there, and of one that does not."""
FAR_ENOUGH = 0.05
CLOSE, APART = 0.035, 0.13
"""Metres between two parts that are next to each other, and that are not."""
RATIO, STEP = 1.2, 0.035
"""Of the most to the next: ratio of sizes, and metres."""


@dataclass(frozen=True)
class TruePart:
    """outline: (M, 2) seen from above, metres. centre: (2,). bottom: height of its lowest point above the
    base. height: its own. extent: cube root of the upright box around it. colours: of each side, and of each
    piece with a colour of its own: shares by name.
    """

    part: Part
    outline: FloatArray
    centre: FloatArray
    bottom: float
    height: float
    extent: float
    colours: list[dict[str, float]]


def true_scene(scene: Scene, seed: int, look: Look) -> list[TruePart]:
    """The parts of a scene as the simulator knows them."""
    parts = []
    for part, pose in zip(scene.parts, scene.poses, strict=True):
        points = transform_points(pose, part.outline())
        flat = points[:, :2].copy()
        centre, size, _ = minimum_area_rectangle(flat)
        bottom, height = float(points[:, 2].min()), float(np.ptp(points[:, 2]))
        outline = flat[ConvexHull(flat).vertices]
        extent = float(np.cbrt(size[0] * size[1] * max(height, 1e-3)))
        parts.append(TruePart(part, outline, centre, bottom, height, extent, _colours(part, seed, look)))
    return parts


def _colours(part: Part, seed: int, look: Look) -> list[dict[str, float]]:
    if look == "plain":
        return [{part.colour: 1.0}]
    skin = part_skin(part, seed)
    sides = [side[..., :3].reshape(-1, 3)[::23] / 255.0 for side in skin.sides]
    sides += [np.array([colour]) / 255.0 for colour in skin.accents.values()]
    names = [*COLOURS, *OTHER_PAINTS]
    palette = looks(np.array([*COLOURS.values(), *OTHER_PAINTS.values()]))
    told = []
    for pixels in sides:
        nearest = np.argmin(np.linalg.norm(looks(pixels)[:, None] - palette[None], axis=2), axis=1)
        told.append({name: float(np.mean(nearest == index)) for index, name in enumerate(names)})
    return told


def one_colour(part: Part, seed: int, look: Look) -> bool:
    """Whether a part has its colour from whatever side one looks at it."""
    return all(side.get(part.colour, 0.0) >= MOSTLY for side in _colours(part, seed, look))


NEAR = {
    "blue": ("cyan", "purple"),
    "green": ("cyan",),
    "red": ("pink", "orange", "brown"),
    "orange": ("red", "yellow", "brown"),
    "yellow": ("orange",),
    "purple": ("blue", "pink"),
    "pink": ("red", "purple"),
    "cyan": ("blue", "green"),
    "black": ("grey",),
}
"""Colours that one person may call by the other's name."""


def has_colour(part: TruePart, colour: str) -> Truth:
    """From whatever side one looks at it."""
    if all(side.get(colour, 0.0) >= MOSTLY for side in part.colours):
        return True
    called_so = (colour, *NEAR.get(colour, ()))
    return False if all(sum(side.get(c, 0.0) for c in called_so) <= HARDLY for side in part.colours) else None


def has_noun(part: TruePart, noun: str) -> Truth:
    if noun == "part":
        return True
    yes, no = NOUNS[noun]
    return True if part.part.kind in yes else False if part.part.kind in no else None


def gap(one: TruePart, other: TruePart) -> float:
    """Metres between two outlines."""
    edges = [_dense(one.outline), _dense(other.outline)]
    return float(np.linalg.norm(edges[0][:, None] - edges[1][None], axis=2).min())


def _dense(outline: FloatArray) -> FloatArray:
    shares = np.linspace(0.0, 1.0, 12, endpoint=False)[:, None, None]
    return ((1.0 - shares) * outline + shares * np.roll(outline, -1, axis=0)).reshape(-1, 2)


DIRECTIONS = {
    "left_of": (0.0, -1.0),
    "right_of": (0.0, 1.0),
    "in_front_of": (1.0, 0.0),
    "behind": (-1.0, 0.0),
}
"""In the base frame, from the side of the operator, who stands opposite the robot."""


def related(
    relation: str, part: TruePart, references: Sequence[TruePart], others: Sequence[TruePart]
) -> Truth:
    """Whether a part lies so to the references. others: all that 'nearest' is said among."""
    if relation in DIRECTIONS:
        step, way = part.centre - references[0].centre, np.array(DIRECTIONS[relation])
        along = float(step @ way)
        angle = float(np.arccos(np.clip(along / max(float(np.linalg.norm(step)), 1e-6), -1.0, 1.0)))
        if along >= FAR_ENOUGH and angle <= AHEAD:
            return True
        return False if angle >= ABREAST or along <= 0.005 else None
    if relation == "next_to":
        distance = gap(part, references[0])
        return True if distance <= CLOSE else False if distance >= APART else None
    if relation == "nearest_to":
        gaps = {id(other): gap(other, references[0]) for other in others if other is not references[0]}
        mine = gaps.pop(id(part))
        rest = min(gaps.values(), default=np.inf)
        return True if mine <= rest - 0.025 else False if mine >= rest + 0.025 else None
    start, way = references[0].centre, references[1].centre - references[0].centre
    length = float(np.linalg.norm(way))
    if length < 0.1:
        return None
    along = float((part.centre - start) @ way) / length**2
    step = part.centre - start
    aside = abs(float(way[0] * step[1] - way[1] * step[0])) / length
    if 0.3 <= along <= 0.7 and aside <= max(0.2 * length, 0.025):
        return True
    return False if not -0.05 <= along <= 1.05 or aside >= max(0.55 * length, 0.08) else None


def most(name: str, parts: Sequence[TruePart]) -> TruePart | None:
    """The part that a superlative means; None where that is not clear."""
    if len(parts) < 2:
        return None
    measures = {
        "large": lambda p: p.extent,
        "small": lambda p: -p.extent,
        "tall": lambda p: p.height,
        "left": lambda p: -p.centre[1],
        "right": lambda p: p.centre[1],
        "near": lambda p: p.centre[0],
        "far": lambda p: -p.centre[0],
    }
    ordered = sorted(parts, key=lambda p: -float(measures[name](p)))
    first, second = (float(measures[name](p)) for p in ordered[:2])
    if name in ("large", "small", "tall"):
        ratio = max(abs(first), abs(second)) / max(min(abs(first), abs(second)), 1e-6)
        return ordered[0] if ratio >= RATIO else None
    return ordered[0] if first - second >= STEP else None
