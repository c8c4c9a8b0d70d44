"""Where parts lie to each other: how likely a person says so, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.scene import Part
from lab_language.query import Side

NEXT_TO = (0.10, 0.05)
"""Metres between two parts: no longer next to each other, and certainly."""
CONE = (np.deg2rad(62.0), np.deg2rad(42.0))
"""Angle to 'left', 'behind' and so on: nobody says it, and everybody does."""
STRAIGHTER, FARTHER = np.deg2rad(30.0), 1.4
"""Who lies straighter by this angle, and no more than this many times as far away, is meant."""
LEAST_STEP = 0.015
"""Metres that one part is to the left of the other, at least."""
INTO = (0.018, 0.009)
"""Metres that the lowest that is seen of a part is below the top of the one that it lies on."""
ABOVE = (0.03, 0.02)
"""And above it."""
OVER = (0.15, 0.35)
"""Share of a part that is over the one that it lies on."""
_STEP = 0.003
"""Metres between the points of an outline that distances are taken to."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where left, right, front and back are said. left, front: (3,) unit, in the frame of the scene."""

    side: Side
    left: FloatArray
    front: FloatArray

    @classmethod
    def of(cls, side: Side) -> Viewpoint:
        """The robot's: it looks along +x of its base. The operator stands opposite and looks at it."""
        sign = 1.0 if side == "robot" else -1.0
        return cls(side, np.array([0.0, sign, 0.0]), np.array([-sign, 0.0, 0.0]))

    def direction(self, relation: str) -> FloatArray | None:
        """(3,) where that is, for a relation that is a direction."""
        ways = {
            "left_of": self.left,
            "right_of": -self.left,
            "in_front_of": self.front,
            "behind": -self.front,
        }
        return ways.get(relation)


def directed(one: Part, other: Part, direction: FloatArray) -> float:
    """Whether one part lies in a direction (3,) from the other: by the angle between their centres."""
    step = (one.box.centre - other.box.centre)[:2]
    along = float(step @ direction[:2])
    if along < LEAST_STEP:
        return 0.0
    across = float(np.sqrt(max(float(step @ step) - along * along, 0.0)))
    return _ramp(float(np.arctan2(across, along)), *CONE)


def straighter(one: Part, other: Part, reference: Part, direction: FloatArray) -> bool:
    """Whether 'the part in that direction of the reference' means the one rather than the other."""
    ways = [(part.box.centre - reference.box.centre)[:2] for part in (one, other)]
    lengths = [max(float(np.linalg.norm(way)), 1e-6) for way in ways]
    angles = [
        float(np.arccos(np.clip(way @ direction[:2] / length, -1.0, 1.0)))
        for way, length in zip(ways, lengths, strict=True)
    ]
    return angles[0] + STRAIGHTER < angles[1] and lengths[0] < FARTHER * lengths[1]


def gap(one: Part, other: Part) -> float:
    """Metres between them, from above."""
    if np.linalg.norm((one.box.centre - other.box.centre)[:2]) < 1e-6:
        return 0.0
    return float(np.linalg.norm(_outline(one)[:, None] - _outline(other)[None], axis=2).min())


def next_to(one: Part, other: Part) -> float:
    """Whether they lie close to each other on the table."""
    return _ramp(gap(one, other), *NEXT_TO)


def lies_on(upper: Part, lower: Part) -> float:
    """Whether the upper part rests on the lower one."""
    if not len(upper.points) or not len(lower.points):
        return 0.0
    above = float(np.quantile(upper.points[:, 2], 0.05)) - top_of(lower)
    level = _ramp(-above, *INTO) if above < 0.0 else _ramp(above, *ABOVE)
    if level == 0.0:
        return 0.0
    inside = lower.box.frame_from_box[:3, :3].T @ (upper.points - lower.box.centre).T
    within = np.all(np.abs(inside[:2].T) <= 0.5 * lower.box.size[:2] + 0.004, axis=1)
    return min(level, _ramp(float(within.mean()), *OVER))


def top_of(part: Part) -> float:
    """Height of the surface that another part can lie on; what is seen above it is noise, or that part."""
    return float(np.quantile(part.points[:, 2], 0.8))


def between(part: Part, one: Part, other: Part) -> float:
    """Whether a part lies in the strip that joins two others."""
    start, end = one.box.centre[:2], other.box.centre[:2]
    way = end - start
    length = float(np.linalg.norm(way))
    if length < LEAST_STEP:
        return 0.0
    step = part.box.centre[:2] - start
    along = float(step @ way) / length**2
    aside = abs(float(way[0] * step[1] - way[1] * step[0])) / length
    middle = _ramp(abs(along - 0.5), 0.45, 0.35)
    return min(middle, _ramp(aside, max(0.45 * length, 0.05), max(0.3 * length, 0.035)))


def measure(part: Part, name: str, viewpoint: Viewpoint) -> float:
    """What a superlative goes by, the greater the more: metres."""
    if name in ("large", "small"):
        value = part.extent
    elif name in ("tall", "low"):
        value = float(part.box.size[2])
    elif name in ("left", "right"):
        value = float(part.box.centre @ viewpoint.left)
    else:
        value = float(part.box.centre @ viewpoint.front)
    return -value if name in ("small", "low", "right", "far") else value


def pairwise(name: str, one: Part, other: Part, viewpoint: Viewpoint) -> float:
    """How likely 'the one is NAME the other' is said."""
    direction = viewpoint.direction(name)
    if direction is not None:
        return directed(one, other, direction)
    if name == "on":
        return lies_on(one, other)
    if name == "under":
        return lies_on(other, one)
    return next_to(one, other)


@lru_cache(maxsize=64)
def _outline(part: Part) -> FloatArray:
    """(N, 2) points along its convex outline from above."""
    flat = part.points[:, :2] if len(part.points) > 2 else part.box.corners()[:, :2]
    import cv2  # here, as a cell whose order names no parts by words has no use for it

    corners = cv2.convexHull(np.ascontiguousarray(flat, np.float32))[:, 0].astype(np.float64)
    edges = np.roll(corners, -1, axis=0) - corners
    counts = np.maximum(1, np.ceil(np.linalg.norm(edges, axis=1) / _STEP).astype(int))
    return np.vstack(
        [
            corner + np.arange(count)[:, None] / count * edge
            for corner, edge, count in zip(corners, edges, counts.tolist(), strict=True)
        ]
    )


def _ramp(value: float, zero: float, one: float) -> float:
    return float(np.clip((value - zero) / (one - zero), 0.0, 1.0))
