"""Colours as points in a space in which distance is difference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray

_LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LESS_LIGHT = np.array([0.5, 1.0, 1.0])
"""Lightness depends on which faces are seen; the two other axes of Oklab do much less."""


def oklab(rgb: npt.ArrayLike) -> FloatArray:
    """Oklab (..., 3), lightness 0..1 first, of sRGB (..., 3) in 0..1 (B. Ottosson, 2020)."""
    srgb = np.asarray(rgb, dtype=np.float64)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    result: FloatArray = np.cbrt(linear @ _LMS_FROM_RGB.T) @ _OKLAB_FROM_LMS.T
    return result


def looks(rgb: npt.ArrayLike) -> FloatArray:
    """Oklab (..., 3) of sRGB (..., 3) in 0..1 with half its lightness: how far apart two sights of a part are
    is the distance of these.
    """
    result: FloatArray = oklab(rgb) * _LESS_LIGHT
    return result
