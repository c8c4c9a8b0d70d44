"""Geometric paths in joint space: where the arm goes, without when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.planning.polynomials import PiecewisePolynomial, spline


@dataclass(frozen=True, slots=True, eq=False)
class JointPath:
    """Piecewise polynomial joint positions over a length s from 0 to `length`; once differentiable."""

    polynomial: PiecewisePolynomial

    @property
    def breaks(self) -> FloatArray:
        """(K + 1,) where pieces begin and end."""
        return self.polynomial.breaks

    @property
    def length(self) -> float:
        """End of s."""
        return float(self.polynomial.breaks[-1])

    def __call__(self, s: FloatArray, order: int = 0) -> FloatArray:
        """Positions (N, J), or their derivative of an order, at lengths (N,)."""
        return self.polynomial(s, order)


def blended_polyline(waypoints: FloatArray, blend: float | FloatArray) -> JointPath:
    """Straight lines between waypoints (N, J), corners replaced by parabolas.

    blend: how far before and after a corner its parabola begins and ends, radians; at most half of each line.
    One for all corners, or (N - 2,) of a path none of whose lines is empty. The path stays within half of it
    of the corner. Source: T. Kunz, M. Stilman, "Time-optimal trajectory generation for path following with
    bounded acceleration and velocity", RSS 2012 (there with circles).
    """
    steps = np.diff(waypoints, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    kept = np.concatenate([[True], lengths > 1e-9])
    waypoints = waypoints[kept]
    if len(waypoints) == 1:
        still = np.zeros((2, 1, waypoints.shape[1]))
        still[1, 0] = waypoints[0]
        return JointPath(PiecewisePolynomial(still, np.array([0.0, 1e-9])))
    steps = np.diff(waypoints, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    directions = steps / lengths[:, None]
    reach = np.minimum(blend, 0.5 * np.minimum(lengths[:-1], lengths[1:]))
    pieces: list[FloatArray] = []
    sizes: list[float] = []
    for i in range(len(steps)):
        begin = reach[i - 1] if i > 0 else 0.0
        end = reach[i] if i < len(reach) else 0.0
        straight = lengths[i] - begin - end
        if straight > 1e-9:
            pieces.append(
                np.stack([np.zeros_like(directions[i]), directions[i], waypoints[i] + begin * directions[i]])
            )
            sizes.append(straight)
        if end > 0.0:
            bend = (directions[i + 1] - directions[i]) / (4.0 * end)
            pieces.append(np.stack([bend, directions[i], waypoints[i + 1] - end * directions[i]]))
            sizes.append(2.0 * end)
    breaks = np.concatenate([[0.0], np.cumsum(sizes)])
    return JointPath(PiecewisePolynomial(np.stack(pieces, axis=1), breaks))


def smooth_path(waypoints: FloatArray) -> JointPath:
    """Cubic spline through dense waypoints (N, J), N >= 2, by their distance in joint space."""
    lengths = np.linalg.norm(np.diff(waypoints, axis=0), axis=1)
    s = np.concatenate([[0.0], np.cumsum(np.maximum(lengths, 1e-9))])
    return JointPath(spline(s, waypoints))
