"""Light over a table, drawn from a seed: one lamp or window that casts shadows, and what fills them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray

STEP = 0.01
"""Share of its strength by which the key light changes at once."""


@dataclass(frozen=True, slots=True)
class Lighting:
    """key: (3,) unit vector towards the lamp that casts shadows; fill: the same for one that casts none.

    key_colour, fill_colour, ambient: (3,) linear RGB. softness: blur of the shadows, pixels of half the
    image. panel: how large the lamp's mirror image is, cosine of its half angle. drift: share by which the
    key's strength wanders; periods: seconds (3,) of that.
    """

    key: FloatArray
    fill: FloatArray
    key_colour: FloatArray
    fill_colour: FloatArray
    ambient: FloatArray
    softness: float
    panel: float
    drift: float
    periods: FloatArray
    phases: FloatArray

    def strength(self, seconds: float) -> float:
        """Of the key light at a time, about 1; it changes in steps that nobody sees, about one a second."""
        waves = np.sin(2.0 * np.pi * np.floor(seconds) / self.periods + self.phases)
        return float(1.0 + np.round(self.drift * waves.mean() / STEP) * STEP)


def draw_lighting(rng: np.random.Generator) -> Lighting:
    """From one strong lamp to an overcast day; the brightness of a grey table stays about the same."""
    key_share = rng.uniform(0.2, 0.75)
    key = _direction(rng, 0.45, 1.0)
    key_colour, fill_colour, ambient = (_tone(rng) for _ in range(3))
    level = rng.uniform(0.85, 1.15)
    fill_share = (1.0 - key_share) * rng.uniform(0.1, 0.5)
    return Lighting(
        key=key,
        fill=_direction(rng, 0.3, 0.9),
        key_colour=level * key_share / key[2] * key_colour,
        fill_colour=level * fill_share * fill_colour,
        ambient=level * (1.0 - key_share - fill_share) * ambient,
        softness=float(rng.uniform(0.8, 5.0)),
        panel=float(np.cos(rng.uniform(0.06, 0.3))),
        drift=float(rng.uniform(0.0, 0.06)),
        periods=rng.uniform(5.0, 90.0, 3),
        phases=rng.uniform(0.0, 2.0 * np.pi, 3),
    )


def _direction(rng: np.random.Generator, least_z: float, most_z: float) -> FloatArray:
    z, angle = rng.uniform(least_z, most_z), rng.uniform(0.0, 2.0 * np.pi)
    across = np.sqrt(max(0.0, 1.0 - z * z))
    return np.array([across * np.cos(angle), across * np.sin(angle), z])


def _tone(rng: np.random.Generator) -> FloatArray:
    """White of 3500 to 8000 K or so: red against blue, green between."""
    warmth = rng.normal(0.0, 0.09)
    return np.array([1.0 + warmth, 1.0 + rng.normal(0.0, 0.015), 1.0 - warmth])
