"""Which simple solid casts the outline that a part has in the image.

Depth cameras round the edges of small parts and see one side of them; an outline is sharp. Each solid that
rests on the support is fitted to it: by the support function of the outline, the distance of its tangent in
each direction, which is the same for a convex shape and for its corners alone.

Source of the solver: D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters",
1963.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox, invert, make_transform

DIRECTIONS = 48
"""In which the outline is compared."""
PIXEL = 1.6e-3
"""What an outline errs by, as a tangent: a pixel of a usual depth camera."""
HEIGHT_ERROR, CENTRE_ERROR = 0.004, 0.02
"""Metres: of the height that the depth tells, and of where it says that the part lies."""
HIDDEN = 0.3
"""What it counts when a solid reaches beyond the outline of a part that may be hidden there."""
TURNS, FIRST_DAMPING = 10, 1e-2
LEAST, MOST = 0.004, 0.4
"""Metres: of an edge."""

_SIDES = 20
_ANGLES = 2.0 * np.pi * np.arange(_SIDES) / _SIDES
# corners outside of the circle by as much as the middles of the sides are inside
_CIRCLE = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)]) / np.cos(np.pi / _SIDES / 2.0)
_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
_TURNED = 2.0 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
_NORMALS = np.column_stack([np.cos(_TURNED), np.sin(_TURNED)])


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A solid on the support that fits an outline best among those of its name.

    name: box (upright edges), cylinder (upright), roll (a lying cylinder) or ball. centre: (2,) in the base
    frame, seen from above. yaw: of its length, radians. size: (3,) length, width and height, metres. misfit:
    root mean square of the distance of the outlines, in pixels.
    """

    name: str
    centre: FloatArray
    yaw: float
    size: FloatArray
    misfit: float


Corners = Callable[[FloatArray], FloatArray]
"""Parameters (K, P) → corners (K, V, 3) above the support at z = 0."""


def fitted(
    outline: FloatArray, base_from_camera: FloatArray, box: OrientedBox, covered: bool = False
) -> list[Solid]:
    """The best solid of each name, in no order.

    outline: (M, 2) convex, tangents x/z and y/z of the optical frame. box: of the part by its depth, upright.
    covered: another part may hide some of it, so that it may reach beyond what is seen.
    """
    seen = np.max(outline @ _NORMALS.T, axis=0)
    camera_from_base = invert(base_from_camera)
    bottom = float(box.centre[2] - 0.5 * box.size[2])
    lift = make_transform(np.eye(3), [0.0, 0.0, bottom])
    x, y, height = (float(edge) for edge in box.size)
    at = box.centre[:2]
    axis = box.frame_from_box[:2, 0]
    yaw = float(np.arctan2(axis[1], axis[0]))
    wide = float(np.sqrt(x * y))
    prior = _Prior(at, height, HIDDEN if covered else 1.0)
    project = camera_from_base @ lift
    edges = np.log([max(x, LEAST), max(y, LEAST)])
    starts: list[tuple[str, Corners, list[FloatArray]]] = [
        (
            "box",
            _box,
            [
                np.array([*at, height, yaw, *edges]),
                np.array([*at, height, yaw + np.pi / 4.0, *np.log([wide, wide])]),
            ],
        ),
        ("cylinder", _cylinder, [np.array([*at, height, np.log(wide)])]),
        (
            "roll",
            _roll,
            [
                np.array([*at, height, yaw, edges[0], edges[1]]),
                np.array([*at, height, yaw + np.pi / 2.0, edges[1], edges[0]]),
            ],
        ),
        ("ball", _ball, [np.array([*at, height, np.log(wide)])]),
    ]
    found = []
    for name, corners, several in starts:
        best, misfit = min(
            (_least_squares(corners, start, seen, project, prior) for start in several),
            key=lambda result: result[1],
        )
        found.append(_solid(name, best, misfit))
    return found


@dataclass(frozen=True, slots=True)
class _Prior:
    """Where the depth says that the part lies, (2,), and how high it is. beyond: what it counts when the
    solid reaches beyond the outline.
    """

    at: FloatArray
    height: float
    beyond: float

    def residuals(self, parameters: FloatArray, corners: Corners) -> FloatArray:
        """(K, 3) in standard deviations."""
        height = np.exp(parameters[:, -1]) if corners in (_ball, _roll) else parameters[:, 2]
        away = (parameters[:, :2] - self.at) / CENTRE_ERROR
        return np.column_stack([away, (height - self.height) / HEIGHT_ERROR])


def _least_squares(
    corners: Corners, start: FloatArray, seen: FloatArray, camera_from_base: FloatArray, prior: _Prior
) -> tuple[FloatArray, float]:
    """Parameters (P,) and the misfit in pixels."""
    steps = np.full(len(start), 1e-5)

    def residuals(parameters: FloatArray) -> FloatArray:
        """(K, R) of parameters (K, P)."""
        points = corners(parameters) @ camera_from_base[:3, :3].T + camera_from_base[:3, 3]
        flat = points[..., :2] / points[..., 2:]
        cast = np.max(flat @ _NORMALS.T, axis=1)
        apart = (cast - seen) / PIXEL / np.sqrt(6.0)  # neighbouring directions see the same edge
        apart = np.where(apart > 0.0, prior.beyond * apart, apart)
        return np.concatenate([apart, prior.residuals(parameters, corners)], axis=1)

    best, damping = start.copy(), FIRST_DAMPING
    now = residuals(best[None])[0]
    for _ in range(TURNS):
        moved = residuals(best[None] + np.diag(steps))
        jacobian = (moved - now).T / steps
        normal = jacobian.T @ jacobian
        normal += damping * np.diag(np.diag(normal) + 1e-9)
        step = np.linalg.solve(normal, -jacobian.T @ now)
        tried = best + step
        tried[3 if len(tried) == 4 else 4 :] = np.clip(
            tried[3 if len(tried) == 4 else 4 :], np.log(LEAST), np.log(MOST)
        )
        after = residuals(tried[None])[0]
        if after @ after < now @ now:
            settled = float(now @ now - after @ after) < 1e-3 * float(now @ now)
            best, now, damping = tried, after, damping / 5.0
            if settled:
                break
        else:
            damping *= 8.0
    misfit = float(np.sqrt(np.mean(now[:DIRECTIONS] ** 2) * 6.0))
    return best, misfit


def _box(parameters: FloatArray) -> FloatArray:
    """x, y, height, yaw, log length, log width."""
    half = 0.5 * np.exp(parameters[:, 4:6])[:, None] * _SQUARE
    return _prism(parameters, _turn(half, parameters[:, 3]))


def _cylinder(parameters: FloatArray) -> FloatArray:
    """x, y, height, log diameter."""
    return _prism(parameters, 0.5 * np.exp(parameters[:, 3])[:, None, None] * _CIRCLE)


def _roll(parameters: FloatArray) -> FloatArray:
    """x, y, (not used), yaw, log length, log diameter."""
    radius = 0.5 * np.exp(parameters[:, 5])[:, None]
    across = radius * _CIRCLE[:, 0]
    z = radius * (1.0 + _CIRCLE[:, 1])
    along = 0.5 * np.exp(parameters[:, 4])[:, None] * np.ones(_SIDES)
    ends = []
    for sign in (-1.0, 1.0):
        flat = _turn(np.stack([sign * along, across], axis=-1), parameters[:, 3])
        ends.append(np.concatenate([flat + parameters[:, None, :2], z[..., None]], axis=-1))
    return np.concatenate(ends, axis=1)


def _ball(parameters: FloatArray) -> FloatArray:
    """x, y, (not used), log diameter."""
    radius = 0.5 * np.exp(parameters[:, 3])[:, None, None]
    centre = np.column_stack([parameters[:, :2], radius[:, 0, 0]])
    return centre[:, None] + radius * _SPHERE


def _prism(parameters: FloatArray, flat: FloatArray) -> FloatArray:
    """Corners (K, 2 V, 3) of what stands upright on an outline (K, V, 2)."""
    flat = flat + parameters[:, None, :2]
    low = np.zeros((*flat.shape[:2], 1))
    top = low + parameters[:, 2][:, None, None]
    return np.concatenate([np.concatenate([flat, z], axis=-1) for z in (low, top)], axis=1)


def _turn(flat: FloatArray, yaw: FloatArray) -> FloatArray:
    """(K, V, 2) turned by angles (K,)."""
    cosine, sine = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y = flat[..., 0], flat[..., 1]
    turned: FloatArray = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)
    return turned


def _sphere(count: int) -> FloatArray:
    """(count, 3) directions, evenly (Fibonacci)."""
    i = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1.0 - 2.0 * i / count), np.pi * (1.0 + 5.0**0.5) * i
    return np.column_stack([np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)])


_SPHERE = _sphere(160)


def _solid(name: str, parameters: FloatArray, misfit: float) -> Solid:
    x, y, height, *rest = (float(value) for value in parameters)
    centre = np.array([x, y])
    if name in ("box", "roll"):
        yaw, length, width = rest[0], float(np.exp(rest[1])), float(np.exp(rest[2]))
        size = np.array([length, width, height if name == "box" else width])
        if length < width:
            size, yaw = size[[1, 0, 2]], yaw + np.pi / 2.0
        return Solid(name, centre, yaw, size, misfit)
    diameter = float(np.exp(rest[0]))
    return Solid(
        name, centre, 0.0, np.array([diameter, diameter, height if name == "cylinder" else diameter]), misfit
    )
