"""How hard a part is: the slope of force over the way that the fingers close once both pads touch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 5
"""Readings of a squeeze from which a slope is made."""


@dataclass(frozen=True, slots=True)
class Hardness:
    """Stiffness of the part alone, N/m, and its standard deviation; infinite where it is too hard to tell."""

    stiffness: float
    deviation: float

    @property
    def confidence(self) -> float:
        """0..1, that the stiffness is within a factor of 1.5."""
        if not math.isfinite(self.stiffness):
            return 0.5
        return math.erf(0.4 * self.stiffness / max(self.deviation, 1e-9) / math.sqrt(2.0))


def hardness(
    openings: Sequence[float], forces: Sequence[float], force_noise: float, pads: float
) -> Hardness | None:
    """From the readings of one squeeze; None for too few, or a squeeze that tells nothing.

    openings: of the fingers, metres, falling. forces: on the pads, N, rising. force_noise: standard deviation
    of one, N. pads: stiffness of hand and both pads together on a part that does not give, N/m, by the same
    measurement. Part and pads give way one behind the other, so their compliances add. Source: springs in
    series; the slope is a least squares fit.
    """
    opening, force = np.asarray(openings, np.float64), np.asarray(forces, np.float64)
    if len(force) < FEWEST or len(force) != len(opening):
        return None
    way = opening.mean() - opening
    spread = float((way**2).sum())
    if spread <= 0.0 or float(np.ptp(force)) < 4.0 * force_noise:
        return None
    slope = float((way * (force - force.mean())).sum()) / spread
    noise = force_noise / math.sqrt(spread)
    if slope <= 2.0 * noise:
        return None
    compliance, compliance_noise = 1.0 / slope - 1.0 / pads, noise / slope**2
    if compliance <= 2.0 * compliance_noise:
        return Hardness(math.inf, math.inf)
    return Hardness(1.0 / compliance, compliance_noise / compliance**2)
