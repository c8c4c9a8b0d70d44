"""Soft shadows and the darkening of corners, in the space of the image at half its size.

MuJoCo's own shadow maps cost 100 ms a frame where OpenGL is software. Here each pixel of half the image asks
a small map of the light once (L. Williams, "Casting curved shadows on curved surfaces", 1978); a blur makes
the penumbra. Ambient light is missing where the surroundings of a pixel stand higher than it does.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled_for_images
from lab_core.geometry import FloatArray, PinholeCamera, invert
from lab_simulation.look.geometry import DepthImage
from lab_simulation.look.light_map import LightFrustum, LightMap

_F = np.float32
BIAS = 0.001
"""Metres that a surface may lie behind the map and still be lit."""
CORNER_HEIGHT = 0.05
"""Metres of surroundings above a pixel that take its ambient light away."""


def lit_share(
    depth: DepthImage,
    pinhole: PinholeCamera,
    world_from_optical: FloatArray,
    frustum: LightFrustum,
    light_map: LightMap,
    softness: float,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Share of the key light and of the ambient light that reaches each pixel (H, W), 0..255.

    softness: standard deviation of the penumbra, pixels of half the image.
    """
    height, width = depth.shape
    lit = np.empty((height // 2, width // 2), dtype=np.uint8)
    heights = np.empty((height // 2, width // 2), dtype=np.float32)
    camera = np.array([pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy], dtype=np.float32)
    light_from_optical = (invert(frustum.world_from_light) @ world_from_optical)[:3].astype(np.float32)
    _half(depth, camera, light_from_optical, world_from_optical[2].astype(np.float32), light_map,
          _F(frustum.half), lit, heights)  # fmt: skip
    soft = cv2.GaussianBlur(lit, (0, 0), max(0.5, softness))
    small = cv2.resize(heights, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    near, wide = cv2.blur(small, (7, 7)) - small, cv2.blur(small, (25, 25)) - small
    hidden = np.clip(np.maximum(near * 1.5, wide) * (1.0 / CORNER_HEIGHT), 0.0, 1.0)
    open_sky = (255.0 - 150.0 * hidden).astype(np.uint8)
    full = (width, height)
    return (
        np.asarray(cv2.resize(soft, full), dtype=np.uint8),
        np.asarray(cv2.resize(open_sky, full), dtype=np.uint8),
    )


@compiled_for_images
def _half(
    depth: Any, camera: Any, pose: Any, up: Any, light_map: Any, half: Any, lit: Any, heights: Any
) -> None:
    height, width = lit.shape
    pixels = light_map.shape[0]
    to_pixel = _F(pixels) / (_F(2.0) * half)
    for v in range(height):
        y = (_F(2 * v) + _F(0.5) - camera[3]) / camera[1]
        for u in range(width):
            z = depth[2 * v, 2 * u]
            x = (_F(2 * u) + _F(0.5) - camera[2]) / camera[0]
            heights[v, u] = (
                max(_F(-0.1), z * (up[0] * x + up[1] * y + up[2]) + up[3]) if z > _F(0.0) else _F(0.0)
            )
            lit[v, u] = 255
            if z <= _F(0.0):
                continue
            a = z * (pose[0, 0] * x + pose[0, 1] * y + pose[0, 2]) + pose[0, 3]
            b = z * (pose[1, 0] * x + pose[1, 1] * y + pose[1, 2]) + pose[1, 3]
            c = z * (pose[2, 0] * x + pose[2, 1] * y + pose[2, 2]) + pose[2, 3]
            fa, fb = (a + half) * to_pixel - _F(0.5), (b + half) * to_pixel - _F(0.5)
            i, j = int(np.floor(fb)), int(np.floor(fa))
            if i < 0 or j < 0 or i + 1 >= pixels or j + 1 >= pixels:
                continue
            limit = c - _F(BIAS)
            top = light_map[i, j] < limit, light_map[i, j + 1] < limit
            low = light_map[i + 1, j] < limit, light_map[i + 1, j + 1] < limit
            wa, wb = fa - _F(j), fb - _F(i)
            dark = (_F(top[0]) * (_F(1.0) - wa) + _F(top[1]) * wa) * (_F(1.0) - wb)
            dark += (_F(low[0]) * (_F(1.0) - wa) + _F(low[1]) * wa) * wb
            lit[v, u] = np.uint8(_F(255.0) * (_F(1.0) - dark))
