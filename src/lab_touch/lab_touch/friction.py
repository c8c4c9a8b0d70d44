"""Friction between pad and part, from the places that have slipped already: no slip of the whole is
needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lab_touch.shear import ShearPattern

SHOWN = 0.35
"""Of ShearPattern.begun, smoothed: from here on the places that slip first do, and their ratio is the
friction. On a crowned skin under a pull that is at half of the limit."""
SMOOTH = 0.2
"""Share of a new sample in the smoothed value."""
CERTAIN = 3.0
"""Standard deviations of the smoothed value by which it must be above nothing."""
MEMORY = 25.0
"""Samples over which the estimate is taken at most: a contact may move to another place of the part."""
USUAL_SPREAD = 0.05
"""Share of the friction by which a contact errs beside its noise: gains of the taxels, form of the
contact."""
ENOUGH = 4.0
"""Samples before an estimate is told."""


@dataclass(frozen=True, slots=True)
class Friction:
    """Coulomb coefficient and its standard deviation. confidence: 0..1, that it is within 15 %."""

    coefficient: float
    deviation: float

    @property
    def confidence(self) -> float:
        return math.erf(0.15 * self.coefficient / max(self.deviation, 1e-9) / math.sqrt(2.0))


class FrictionEstimate:
    """Of one pad and the part that it touches, from one pattern after another."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The contact ended."""
        self._begun, self._begun_variance = 0.0, 1.0
        self._sum = self._weight = self._count = 0.0

    def add(self, pattern: ShearPattern, gross: bool = False) -> None:
        """Take in one pattern; gross: all of the contact slips, so that the whole tells the friction."""
        begun, noise = pattern.begun
        self._begun += SMOOTH * (begun - self._begun)
        self._begun_variance += SMOOTH * (SMOOTH * noise**2 - self._begun_variance)
        if gross:
            self._take(pattern.ratio, pattern.load_noise / pattern.pressed)
            return
        first = pattern.first
        if self._begun < max(SHOWN, CERTAIN * math.sqrt(self._begun_variance)) or first.ratio <= 0.0:
            return
        self._take(first.ratio, first.noise)

    def _take(self, ratio: float, noise: float) -> None:
        weight = 1.0 / (noise**2 + (USUAL_SPREAD * ratio) ** 2)
        keep = 1.0 - 1.0 / MEMORY
        self._sum = keep * self._sum + weight * ratio
        self._weight = keep * self._weight + weight
        self._count = keep * self._count + 1.0

    def value(self) -> Friction | None:
        """None while it was not seen that a place slips."""
        if self._count < ENOUGH:
            return None
        coefficient = self._sum / self._weight
        # the spread is common to all patterns of a contact: more of them do not make it smaller
        return Friction(coefficient, math.hypot(1.0 / math.sqrt(self._weight), USUAL_SPREAD * coefficient))
