"""What the part weighs, by the forces along the faces of the pads that hold it still."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadSample
from lab_touch.rest import RestLevel

GRAVITY = 9.80665
WINDOW = 25
"""Samples of which the mean is taken."""
STILL = 3.0
"""Times the noise that the force may change within the window: beyond it the part is accelerated, or
something else carries it."""
SENSOR_SPREAD = 0.03
"""Share by which the shear of a calibrated pad errs as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """mass: kg, with its standard deviation. steady: nothing but the weight pulled meanwhile."""

    mass: float
    deviation: float
    steady: bool

    def of_class(self, expected: float, tolerance: float) -> bool:
        """Whether it may be a part of an expected mass, kg, within a tolerance, kg, and three deviations."""
        return abs(self.mass - expected) <= tolerance + 3.0 * self.deviation


class Scale:
    """Weighs what the pads of one hand hold."""

    def __init__(self, rests: Sequence[RestLevel]) -> None:
        self._rests = rests
        self._pulls: deque[FloatArray] = deque(maxlen=WINDOW)

    def add(self, samples: Sequence[PadSample], base_from_pads: Sequence[FloatArray]) -> None:
        """One sample of each pad, and where its frame is, (4, 4) or (3, 3): z of the base is up."""
        total = np.zeros(3)
        for sample, rest, base_from_pad in zip(samples, self._rests, base_from_pads, strict=True):
            shear = rest.shear(sample)
            if shear is None:
                return
            along = shear.sum(axis=(0, 1))
            normal = float(rest.normal(sample).sum())
            total += np.asarray(base_from_pad)[:3, :3] @ np.array([along[0], normal, along[1]])
        self._pulls.append(total)

    def value(self) -> Weight | None:
        """None before the window is full, or where the pads feel no shear."""
        if len(self._pulls) < WINDOW:
            return None
        pulls = np.array(self._pulls)
        down = -pulls[:, 2]
        noise = math.sqrt(sum(2.0 * float((rest.shear_noise**2).sum()) for rest in self._rests))
        halves = abs(float(down[WINDOW // 2 :].mean() - down[: WINDOW // 2].mean()))
        mass = float(down.mean()) / GRAVITY
        deviation = math.hypot(noise / math.sqrt(WINDOW) / GRAVITY, SENSOR_SPREAD * mass)
        steady = halves <= STILL * noise / math.sqrt(WINDOW / 4.0) + 0.01 * abs(float(down.mean()))
        return Weight(mass, deviation, steady)
