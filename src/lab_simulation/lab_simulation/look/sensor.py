"""What a small colour camera does to an image: white balance, exposure, vignetting, blur, noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled_for_images

ColourImage = npt.NDArray[np.uint8]

_F = np.float32
_TILE = 512


@dataclass(frozen=True, slots=True)
class ColourSensor:
    """gain: (3,) exposure times white balance. blur: standard deviation, pixels. noise: the same, of 255
    grey levels. vignetting: share of the light that the corners lose.
    """

    gain: npt.NDArray[np.float32]
    blur: float
    noise: float
    vignetting: float

    def exposed_for(self, albedo: float) -> ColourSensor:
        """The sensor after its automatic exposure has looked at a surface; it makes up for most, not all."""
        factor = float(np.clip((0.22 / max(albedo, 1e-3)) ** 0.6, 0.6, 2.6))
        return replace(self, gain=(factor * self.gain).astype(np.float32))

    def apply(self, colour: ColourImage, seed: int, frame: int) -> ColourImage:
        """The image (H, W, 3) as the camera delivers it; the same seed and frame number give the same."""
        height, width = colour.shape[:2]
        if self.blur > 0.2:
            colour = np.asarray(cv2.GaussianBlur(colour, (3, 3), self.blur), dtype=np.uint8)
        row, column = np.random.default_rng([seed, frame, 0xC0]).integers(0, _TILE, 2)
        result = np.empty_like(colour)
        _grain(
            colour,
            result,
            _noise_tile(),
            row,
            column,
            _F(self.noise),
            _falloff(height, width, self.vignetting),
        )
        return result


def draw_sensor(rng: np.random.Generator) -> ColourSensor:
    """A camera that is set about right."""
    warmth, tint = rng.normal(0.0, 0.05), rng.normal(0.0, 0.02)
    exposure = rng.lognormal(0.0, 0.13)
    return ColourSensor(
        gain=(exposure * np.array([1.0 + warmth, 1.0 + tint, 1.0 - warmth])).astype(np.float32),
        blur=float(rng.uniform(0.3, 0.9)),
        noise=float(rng.uniform(1.0, 4.5)),
        vignetting=float(rng.uniform(0.0, 0.22)),
    )


@lru_cache(maxsize=1)
def _noise_tile() -> npt.NDArray[np.float32]:
    """(N, N, 3) of deviation 1: white noise that demosaicing has smeared a little."""
    white = np.random.default_rng(0x5EE).standard_normal((_TILE, _TILE, 3), dtype=np.float32)
    smeared = 0.6 * white + cv2.GaussianBlur(white, (3, 3), 0.8)
    common = smeared.mean(axis=2, keepdims=True)
    result: npt.NDArray[np.float32] = (smeared + common) / (smeared + common).std()
    return result


@lru_cache(maxsize=8)
def _falloff(height: int, width: int, share: float) -> npt.NDArray[np.float32]:
    v, u = np.mgrid[-1.0 : 1.0 : height * 1j, -1.0 : 1.0 : width * 1j]
    result: npt.NDArray[np.float32] = (1.0 - share * 0.5 * (v * v + u * u)).astype(np.float32)
    return result


@compiled_for_images
def _grain(colour: Any, result: Any, tile: Any, row: int, column: int, noise: Any, falloff: Any) -> None:
    height, width, _ = colour.shape
    for v in range(height):
        r = (v + row) & 511
        for u in range(width):
            k = (u + column) & 511
            for c in range(3):
                value = _F(colour[v, u, c]) * falloff[v, u] + noise * tile[r, k, c] + _F(0.5)
                result[v, u, c] = np.uint8(min(_F(255.0), max(_F(0.0), value)))
