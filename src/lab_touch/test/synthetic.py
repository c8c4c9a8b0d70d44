"""Pads that were pressed on paper: pressure falls from the middle of a round contact to its rim, and what
pulls slips from the rim inwards. Closed form, without the simulator."""

from __future__ import annotations

import numpy as np

from lab_core.touch import PadGrid, PadSample
from lab_touch.rest import RestLevel

GRID = PadGrid(16, 12, 0.0023, 0.0018)
NOISE = 0.003
RADIUS = 0.012


class Pad:
    """One pad with the noise of its seed."""

    def __init__(self, seed=0, noise=NOISE, dead=(), shear=True, frame="left_pad", grid=GRID):
        self.random = np.random.default_rng(seed)
        self.noise, self.dead, self.shear, self.frame, self.grid = noise, dead, shear, frame, grid
        self.stamp = 0

    def sample(self, normal=None, shear=None, later=8_000_000):
        self.stamp += later
        shape = (self.grid.rows, self.grid.columns)
        normal = np.zeros(shape) if normal is None else normal
        shear = np.zeros((*shape, 2)) if shear is None else shear
        normal = normal + self.noise * self.random.standard_normal(shape)
        shear = shear + self.noise * self.random.standard_normal((*shape, 2))
        for place in self.dead:
            normal[place], shear[place] = 0.0, 0.0
        return PadSample.of(self.stamp, self.frame, self.grid, normal, shear if self.shear else None)

    def rest(self, samples=50):
        return RestLevel.of([self.sample() for _ in range(samples)])

    def held(self, force, used, friction, turning=False, angle=0.0, centre=(0.0, 0.0), radius=RADIUS):
        """A contact that takes the share `used` of what friction holds; along the angle from x, or
        turning."""
        return self.sample(*contact(self.grid, force, used, friction, turning, angle, centre, radius))


def contact(grid, force, used, friction, turning=False, angle=0.0, centre=(0.0, 0.0), radius=RADIUS):
    arm = grid.places() - np.asarray(centre)
    away = np.linalg.norm(arm, axis=-1) / radius
    pressure = np.clip(1.0 - away**2, 0.0, None)
    pressure *= force / pressure.sum()
    if turning:
        direction = (
            np.stack([arm[..., 1], -arm[..., 0]], axis=-1) / np.maximum(away * radius, 1e-9)[..., None]
        )
        bend = away
    else:
        direction = np.broadcast_to([np.cos(angle), np.sin(angle)], arm.shape)
        bend = np.ones_like(away)
    limit = friction * pressure
    whole = float(limit.sum()) if not turning else float((limit * away).sum())

    def carried(stiffness):
        size = np.minimum(stiffness * bend, limit)
        return float(size.sum()) if not turning else float((size * away).sum())

    low, high = 0.0, 1e6 * friction * force
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if carried(middle) < used * whole else (low, middle)
    size = np.minimum(high * bend, limit)
    return pressure, size[..., None] * direction
