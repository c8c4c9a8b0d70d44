"""Less noise in depth while nothing moves: a running mean for each pixel that starts anew when the pixel
changes.
"""

from __future__ import annotations

import numpy as np

from lab_core.compiled import compiled
from lab_perception.frame import Float32Image


class DepthFilter:
    """Averages in inverse depth, where the noise of a stereo camera is the same at every distance.

    A pixel whose new value is further than three standard deviations of the difference from its mean starts
    anew, so what moves is never smeared; a pixel without data stays without data. The mean weighs images like
    an exponential filter once `frames` of them are in it.
    """

    def __init__(self, frames: int, noise: float) -> None:
        """frames: images that the mean is over at most. noise: deviation of the inverse depth, 1/m."""
        self._frames = frames
        self._noise = noise
        self._mean: Float32Image | None = None
        self._count: Float32Image | None = None

    def update(self, depth: Float32Image) -> Float32Image:
        """Filtered depth (H, W), metres, NaN where this image has no data."""
        if self._mean is None or self._count is None or self._mean.shape != depth.shape:
            self._mean, self._count = np.zeros(depth.shape, np.float32), np.zeros(depth.shape, np.float32)
        filtered = np.empty_like(depth)
        _blend(depth, self._mean, self._count, np.float32(self._frames), np.float32(self._noise), filtered)
        return filtered


@compiled
def _blend(
    depth: Float32Image,
    mean: Float32Image,
    count: Float32Image,
    frames: np.float32,
    noise: np.float32,
    filtered: Float32Image,
) -> None:
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            if not depth[v, u] > 0.0:
                filtered[v, u] = np.nan
                continue
            value = np.float32(1.0) / depth[v, u]
            n = count[v, u]
            difference = value - mean[v, u]
            limit = 3.0 * noise * np.sqrt(1.0 + 1.0 / max(n, np.float32(1.0)))
            if n == 0.0 or abs(difference) > limit:
                mean[v, u] = value
                count[v, u] = 1.0
            else:
                count[v, u] = min(n + np.float32(1.0), frames)
                mean[v, u] += difference / count[v, u]
            filtered[v, u] = np.float32(1.0) / mean[v, u]
