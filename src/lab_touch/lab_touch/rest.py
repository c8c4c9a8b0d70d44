"""What a pad says of nothing: zero and noise of each taxel, learnt while nothing touches it.

All thresholds of this package are multiples of this noise; none comes from a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_core.touch import PadGrid, PadSample
from lab_touch.errors import NotAtRest, PadFault

Mask = npt.NDArray[np.bool_]

FEWEST = 20
"""Samples from which noise is learnt."""
TOUCHED = 6.0
"""Times the noise: a taxel that feels more touches. One of 400 taxels reaches it by chance once in 40 days at
100 Hz."""
FOLLOW = 0.01
"""Share of a sample without contact that goes into the zero: drift is followed in about 100 samples."""
BEATS = 8.0
"""Times its own noise that the mean of a pad may change while it is learnt."""


@dataclass(slots=True, eq=False)
class RestLevel:
    """Of one pad.

    normal_zero, normal_noise: (R, C) N. shear_zero: (R, C, 2) N or None; shear_noise: (R, C) N, of one
    component. alive: (R, C) which taxels say anything.
    """

    grid: PadGrid
    normal_zero: FloatArray
    normal_noise: FloatArray
    shear_zero: FloatArray | None
    shear_noise: FloatArray
    alive: Mask
    _neighbours: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self._neighbours = _neighbours(self.alive)

    @classmethod
    def of(cls, samples: Sequence[PadSample]) -> RestLevel:
        """Learn from samples of one pad that nothing touches.

        Raises PadFault for too few samples, another grid in between, or a pad of which most taxels are dead;
        NotAtRest when the force of the whole pad changed meanwhile.
        """
        if len(samples) < FEWEST:
            raise PadFault(f"{len(samples)} samples of a pad at rest: {FEWEST} are needed to know its noise")
        first = samples[0]
        if any(sample.grid != first.grid for sample in samples):
            raise PadFault(f"{first.frame}: the grid of the pad changes from sample to sample")
        normal = np.stack([np.asarray(sample.normal, np.float64) for sample in samples])
        noise = normal.std(axis=0, ddof=1)
        alive = noise > 0.0
        if not alive.any():
            raise PadFault(
                f"{first.frame}: no taxel changed in {len(samples)} samples: the pad is frozen or dead"
            )
        if 2 * np.count_nonzero(alive) < alive.size:
            raise PadFault(
                f"{first.frame}: {alive.size - np.count_nonzero(alive)} of {alive.size} taxels are dead"
            )
        whole = normal[:, alive].sum(axis=1)
        half = len(whole) // 2
        change = abs(float(whole[half:].mean() - whole[:half].mean()))
        expected = float(np.sqrt((noise[alive] ** 2).sum() / half))
        if change > BEATS * expected + 0.02:
            raise NotAtRest(
                f"{first.frame}: its force changed by {change:.2f} N while it was to be at rest: open the"
                " hand and take everything away from its pads"
            )
        usual = float(np.median(noise[alive]))
        shear_zero, shear_noise = None, np.zeros_like(noise)
        if first.shear is not None:
            shear = np.stack([np.asarray(s.shear, np.float64) for s in samples if s.shear is not None])
            shear_zero = shear.mean(axis=0)
            shear_noise = np.maximum(shear.std(axis=0, ddof=1).mean(axis=-1), 0.3 * usual)
        # few samples may show too little: no taxel is believed to be much better than the others
        return cls(
            first.grid, normal.mean(axis=0), np.maximum(noise, 0.3 * usual), shear_zero, shear_noise, alive
        )

    @property
    def total_noise(self) -> float:
        """Standard deviation of the force of the whole pad, N."""
        return float(np.sqrt((self.normal_noise[self.alive] ** 2).sum()))

    def normal(self, sample: PadSample) -> FloatArray:
        """(R, C) N above the zero; a dead taxel has the mean of its living neighbours."""
        return self._filled(sample.normal - self.normal_zero)

    def shear(self, sample: PadSample) -> FloatArray | None:
        """(R, C, 2) N above the zero; dead taxels as in `normal`."""
        if sample.shear is None or self.shear_zero is None:
            return None
        return self._filled(sample.shear - self.shear_zero)

    def _filled(self, values: FloatArray) -> FloatArray:
        if len(self._neighbours):
            values[~self.alive] = np.tensordot(self._neighbours, values, axes=2)
        return values

    def touching(self, normal: FloatArray) -> Mask:
        """(R, C) which taxels touch; normal: as `normal` says it."""
        return normal > TOUCHED * self.normal_noise

    def follow(self, sample: PadSample) -> None:
        """Follow the drift of the zero by a sample of which it is known that nothing touches the pad."""
        self.normal_zero += FOLLOW * (sample.normal - self.normal_zero)
        if sample.shear is not None and self.shear_zero is not None:
            self.shear_zero += FOLLOW * (sample.shear - self.shear_zero)


def _neighbours(alive: Mask) -> FloatArray:
    """(D, R, C) for each of D dead taxels the shares of its living neighbours, of eight, in its value."""
    shares = []
    for row, column in np.argwhere(~alive):
        share = np.zeros(alive.shape)
        around = (slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2))
        share[around] = alive[around]
        shares.append(share / max(share.sum(), 1.0))
    return np.array(shares).reshape(-1, *alive.shape)
