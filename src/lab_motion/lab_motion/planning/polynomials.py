"""Piecewise polynomials, as SciPy has them, without SciPy's package of splines: 40 MB of a node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PiecewisePolynomial:
    """J values over x; beyond its ends the first and the last piece go on.

    coefficients: (D, K, J) of K pieces, highest power first, of x from the beginning of the piece. breaks:
    (K + 1,) where pieces begin and end, ascending.
    """

    coefficients: FloatArray
    breaks: FloatArray

    def __call__(self, x: FloatArray | float, order: int = 0) -> FloatArray:
        """Values (..., J), or their derivative of an order, at x (...)."""
        at = np.asarray(x, dtype=np.float64)
        piece = np.clip(np.searchsorted(self.breaks, at, side="right") - 1, 0, len(self.breaks) - 2)
        inside = (at - self.breaks[piece])[..., None]
        values, power = np.zeros((*at.shape, self.coefficients.shape[2])), np.ones_like(inside)
        for exponent in range(order, len(self.coefficients)):
            factor = float(np.prod(np.arange(exponent - order + 1, exponent + 1)))
            values += self.coefficients[-1 - exponent, piece] * power * factor
            power = power * inside
        return values


def hermite(x: FloatArray, values: FloatArray, slopes: FloatArray) -> PiecewisePolynomial:
    """The cubics that have values (N, J) and slopes (N, J) at x (N,)."""
    step = np.diff(x)[:, None]
    mean = np.diff(values, axis=0) / step
    bend = (slopes[:-1] + slopes[1:] - 2.0 * mean) / step
    return PiecewisePolynomial(
        np.stack([bend / step, (mean - slopes[:-1]) / step - bend, slopes[:-1], values[:-1]]), x
    )


def spline(x: FloatArray, values: FloatArray) -> PiecewisePolynomial:
    """The cubics through values (N, J) at x (N,), N >= 2, twice differentiable; the first two pieces and the
    last two are one cubic each (not-a-knot). Two values give a line, three a parabola.
    """
    step = np.diff(x)
    wide = step[:, None]
    mean = np.diff(values, axis=0) / wide
    if len(x) == 2:
        return hermite(x, values, np.concatenate([mean, mean]))
    if len(x) == 3:
        middle = (mean[0] * step[1] + mean[1] * step[0]) / (step[0] + step[1])
        return hermite(x, values, np.stack([2.0 * mean[0] - middle, middle, 2.0 * mean[1] - middle]))
    first, last = x[2] - x[0], x[-1] - x[-3]
    below = np.concatenate([step[1:], [last]])
    diagonal = np.concatenate([[step[1]], 2.0 * (step[:-1] + step[1:]), [step[-2]]])
    above = np.concatenate([[first], step[:-1]])
    right = np.empty_like(values)
    right[1:-1] = 3.0 * (wide[1:] * mean[:-1] + wide[:-1] * mean[1:])
    right[0] = ((step[0] + 2.0 * first) * step[1] * mean[0] + step[0] ** 2 * mean[1]) / first
    right[-1] = (step[-1] ** 2 * mean[-2] + (2.0 * last + step[-1]) * step[-2] * mean[-1]) / last
    _solve(below, diagonal, above, right)
    return hermite(x, values, right)


@compiled
def _solve(below: FloatArray, diagonal: FloatArray, above: FloatArray, right: FloatArray) -> None:
    """Solve a tridiagonal system in place of its right side (N, J); the diagonal is changed too."""
    for i in range(len(below)):
        share = below[i] / diagonal[i]
        diagonal[i + 1] -= share * above[i]
        right[i + 1] -= share * right[i]
    right[-1] /= diagonal[-1]
    for i in range(len(below) - 1, -1, -1):
        right[i] = (right[i] - above[i] * right[i + 1]) / diagonal[i]
