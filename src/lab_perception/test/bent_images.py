"""Images as a lens with distortion would take them, made of those of a pinhole camera."""

from __future__ import annotations

import cv2
import numpy as np


def bent(color, depth, camera, d):
    """Colour and depth whose pixels lie where plumb_bob's coefficients `d` put them; NaN outside."""
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float64)
    pixels = np.stack([columns, rows], axis=-1).reshape(-1, 1, 2)
    straight = cv2.undistortPoints(pixels, camera.matrix, np.array(d), P=camera.matrix)
    maps = straight.reshape(camera.height, camera.width, 2).astype(np.float32)
    x, y = maps[..., 0], maps[..., 1]
    return (
        cv2.remap(color, x, y, cv2.INTER_LINEAR),
        cv2.remap(depth, x, y, cv2.INTER_NEAREST, borderValue=float("nan")),
    )
