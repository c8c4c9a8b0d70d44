"""What a tactile sensor makes of the forces on its taxels: noise, gain, hysteresis, drift, dead taxels,
steps.

Hysteresis of a skin is taken as a share of the force that follows late, a standard linear solid: loading
reads too little, unloading too much. Source: W. N. Findley, J. S. Lai, K. Onaran, "Creep and Relaxation of
Nonlinear Viscoelastic Materials", 1976, chapter 5.
"""

from __future__ import annotations

import math

import numpy as np

from lab_core.geometry import FloatArray
from lab_description.touch import TouchPads

MINUTE = 60.0


class SensorFlaws:
    """Of one pad; the errors of the same seed are the same."""

    def __init__(self, pads: TouchPads, seed: int, side: int) -> None:
        """side: 0 or 1: the two pads of a hand differ."""
        self._pads = pads
        self._seed = (seed, side)
        self.restart()

    def restart(self) -> None:
        """As at time 0."""
        settings, shape = self._pads.simulated, (self._pads.rows, self._pads.columns, 3)
        self._random = np.random.default_rng([*self._seed, 20])
        self._gain = 1.0 + settings.gain * self._random.standard_normal(shape)
        # Calibrated as a whole: the sum of the pad is true, its taxels differ.
        self._gain /= self._gain.mean(axis=(0, 1))
        self._alive = self._random.random(shape[:2]) >= settings.dead
        self._zero = np.zeros(shape)
        self._late = np.zeros(shape)
        self._time: float | None = None

    def read(
        self, normal: FloatArray, shear: FloatArray, time: float
    ) -> tuple[FloatArray, FloatArray | None]:
        """(R, C) and (R, C, 2) N as the sensor says them; time: seconds, later than the last one."""
        settings = self._pads.simulated
        true = np.concatenate([normal[..., None], shear], axis=-1)
        passed = 0.0 if self._time is None else max(time - self._time, 0.0)
        if self._time is None:
            self._late = true.copy()
        self._time = time
        self._late += (1.0 - math.exp(-passed / settings.creep_time)) * (true - self._late)
        felt = (1.0 - settings.hysteresis) * true + settings.hysteresis * self._late
        # a walk: its standard deviation after a minute is what the settings say
        walk = settings.drift * math.sqrt(passed / MINUTE)
        self._zero += walk * self._random.standard_normal(true.shape)
        said = self._gain * felt + self._zero + settings.noise * self._random.standard_normal(true.shape)
        most = self._pads.taxel_maximum
        said = np.clip(said, -most, most)
        if settings.step > 0.0:
            said = settings.step * np.rint(said / settings.step)
        said *= self._alive[..., None]
        return said[..., 0], said[..., 1:] if self._pads.shear else None
