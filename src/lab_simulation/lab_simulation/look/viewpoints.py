"""Where a camera may stand that looks at a table."""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray, make_transform, matrix_from_rpy

ELEVATIONS = (np.radians(25.0), np.radians(80.0))
"""Radians above the table, from where the camera looks at its target."""


def viewpoint(rng: np.random.Generator, target: FloatArray, distance: float) -> FloatArray:
    """(4, 4) base from the optical frame of a camera that looks at a target (3,) from a distance, metres.

    Its direction is drawn, and so is a few degrees of roll. z is up.
    """
    elevation, azimuth = rng.uniform(*ELEVATIONS), rng.uniform(0.0, 2.0 * np.pi)
    away = np.array(
        [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    )
    forward = -away
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.column_stack([right, np.cross(forward, right), forward])
    roll = matrix_from_rpy((0.0, 0.0, float(rng.normal(0.0, 0.08))))
    return make_transform(rotation @ roll, target + distance * away)
