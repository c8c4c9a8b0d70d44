"""Colour that survives shading.

A face turned away from the light is darker, but the ratios of its red, green and blue stay (also after the
gamma of a camera, which is a power). Chroma here is a pair of such ratios; lightness is what remains.
"""

from __future__ import annotations

import cv2
import numpy as np

from lab_perception.frame import ByteImage, Float32Image

# Ratios of very dark pixels are noise: below this sum of the three channels chroma fades to grey.
_DARK = 12.0
_OPPONENTS = np.array([[1.0, -1.0, 0.0], [0.5, 0.5, -1.0], [1.0, 1.0, 1.0]], np.float32)


def smooth_color(color: ByteImage) -> ByteImage:
    """Without the noise of single pixels."""
    return cv2.medianBlur(np.ascontiguousarray(color), 3).astype(np.uint8, copy=False)


def chroma_and_lightness(color: ByteImage) -> tuple[Float32Image, Float32Image]:
    """Chroma (h, w, 2), grey at 0, vivid colours around 50 to 100 from it; lightness (h, w) 0..255.

    color: (h, w, 3) uint8 RGB.
    """
    opponents = cv2.transform(np.ascontiguousarray(color).astype(np.float32), _OPPONENTS)
    total = opponents[..., 2]
    chroma = np.empty((*total.shape, 2), np.float32)
    scale = np.float32(100.0) / (total + np.float32(_DARK))
    np.multiply(opponents[..., 0], scale, out=chroma[..., 0])
    np.multiply(opponents[..., 1], scale, out=chroma[..., 1])
    return chroma, total * np.float32(1.0 / 3.0)
