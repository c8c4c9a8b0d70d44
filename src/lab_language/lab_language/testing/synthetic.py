"""Parts as a camera above the table would see them, without a camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab_core.geometry import OrientedBox, make_transform, oklab
from lab_core.scene import Hypothesis, Part, Scene
from lab_perception.color_names import name_in_oklab

STEP = 0.002
"""Metres between two points of a surface."""
PAINTS = {
    "red": (0.80, 0.12, 0.12),
    "green": (0.15, 0.60, 0.25),
    "blue": (0.12, 0.28, 0.75),
    "yellow": (0.93, 0.80, 0.15),
    "black": (0.08, 0.08, 0.09),
    "white": (0.96, 0.96, 0.96),
}


def part(
    name: str,
    kind: str,
    paint: str,
    at: Sequence[float],
    size: Sequence[float] = (0.04, 0.035, 0.035),
    labels: Sequence[tuple[str, float]] = (),
) -> Part:
    """A part whose top and sides are seen. kind: box, cylinder (upright), ball or ring, of the full size.

    at: (x, y) of its middle, and optionally the height of its underside, metres.
    """
    x, y, *above = at
    bottom = above[0] if above else 0.0
    points, normals = {"ball": _ball, "ring": _ring}.get(kind, _prism)(np.asarray(size, float), kind)
    points += [x, y, bottom + size[2] / 2.0]
    top = bottom + size[2]
    pose = make_transform(np.eye(3), [x, y, top / 2.0])  # boxes of parts reach down to the support
    rgb = np.array(PAINTS[paint])
    return Part(
        id=name,
        box=OrientedBox(pose, np.array([size[0], size[1], top])),
        points=points.astype(np.float32),
        normals=normals.astype(np.float32),
        color=rgb,
        color_name=name_in_oklab(*(float(axis) for axis in oklab(rgb))),
        hypotheses=tuple(Hypothesis(label, score) for label, score in labels),
    )


def scene(*parts: Part) -> Scene:
    """A scene of parts."""
    return Scene(stamp=1, frame="base_link", objects=parts)


def _prism(size: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = (grid.ravel() for grid in np.meshgrid(*(np.arange(-s / 2, s / 2 + 1e-9, STEP) for s in size[:2])))
    inside = np.ones(len(x), bool) if kind == "box" else (x / size[0]) ** 2 + (y / size[1]) ** 2 <= 0.25
    top = np.column_stack([x, y, np.full(len(x), size[2] / 2)])[inside]
    turns = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    around = np.column_stack([np.cos(turns), np.sin(turns)])
    if kind == "box":
        around /= np.abs(around).max(axis=1, keepdims=True)
    outward = np.column_stack([around, np.zeros(len(around))])
    if kind == "box":
        outward = np.where(np.abs(outward) >= 1.0 - 1e-9, np.sign(outward), 0.0)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    heights = np.arange(-size[2] / 2, size[2] / 2, 2.0 * STEP)
    side = np.vstack([np.column_stack([around * size[:2] / 2, np.full(len(around), z)]) for z in heights])
    up = np.tile([0.0, 0.0, 1.0], (len(top), 1))
    return np.vstack([top, side]), np.vstack([up, np.tile(outward, (len(heights), 1))])


def _ball(size: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(600) + 0.5
    up, turn = 1.0 - 1.1 * i / 600, np.pi * (1.0 + 5.0**0.5) * i
    flat = np.sqrt(1.0 - up**2)
    normals = np.column_stack([flat * np.cos(turn), flat * np.sin(turn), up])
    return normals * size / 2, normals


def _ring(size: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    points, normals = _prism(size, "cylinder")
    middle = np.linalg.norm(points[:, :2] / size[:2], axis=1) < 0.25
    return points[~middle], normals[~middle]
