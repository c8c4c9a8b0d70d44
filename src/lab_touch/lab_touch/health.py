"""Can a pad be believed? Dead, frozen, saturated, silent, slow, of the wrong form, or on the wrong finger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab_core.touch import PadGrid, PadSample
from lab_touch.errors import PadFault

FROZEN = 10
"""Samples one after another that are the same to the last bit: a sensor with noise does not repeat itself."""
SATURATED = 0.1
"""Share of the taxels at their maximum: beyond it the force is not known."""
SLIP_NEEDS = 50.0
"""Samples a second: of fewer, two in a row come later than a slip must be known."""


def check_grid(sample: PadSample, expected: PadGrid, frame: str) -> None:
    """Raises PadFault when a sample is of another form, or of another frame, than the configuration says."""
    if (sample.grid.rows, sample.grid.columns) != (expected.rows, expected.columns):
        raise PadFault(
            f"{frame}: the sensor sends {sample.grid.rows} × {sample.grid.columns} taxels, its YAML says"
            f" {expected.rows} × {expected.columns}"
        )
    if sample.frame != frame:
        raise PadFault(
            f"the pad that is to be '{frame}' sends frame '{sample.frame}': are left and right swapped?"
        )


def check_rate(stamps: Sequence[int], wanted: float = SLIP_NEEDS) -> None:
    """Raises PadFault when samples with these stamps, ns, come too seldom to see slip."""
    if len(stamps) < 2:
        return
    span = (stamps[-1] - stamps[0]) * 1e-9
    if span <= 0.0:
        raise PadFault(f"{len(stamps)} samples of a pad have the same stamp: its clock stands still")
    rate = (len(stamps) - 1) / span
    if rate < wanted:
        raise PadFault(
            f"a pad sends {rate:.0f} samples a second, and slip needs {wanted:.0f}: raise its rate"
        )


def check_values(samples: Sequence[PadSample], maximum: float) -> None:
    """Raises PadFault when the latest samples of one pad are frozen or saturated. maximum: of a taxel, N."""
    if not samples:
        return
    latest = samples[-1]
    high = int(np.count_nonzero(np.abs(latest.normal) >= 0.999 * maximum))
    if high > SATURATED * latest.normal.size:
        raise PadFault(
            f"{latest.frame}: {high} of {latest.normal.size} taxels are at their maximum of {maximum:g} N:"
            " grip more gently, or over a larger face"
        )
    if len(samples) >= FROZEN and all(
        np.array_equal(sample.normal, latest.normal) for sample in samples[-FROZEN:]
    ):
        raise PadFault(f"{latest.frame}: {FROZEN} samples are the same: the pad is frozen or dead")
