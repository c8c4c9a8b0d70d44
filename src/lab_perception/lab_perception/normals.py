"""Smooth surface and normals from a noisy depth image, without mixing what lies in front with what lies
behind.

A plane is linear in inverse depth over the image, and the noise of a stereo camera is constant in disparity,
that is in inverse depth: least squares on inverse depth weighs the samples right at any distance and tilt,
and its residual has a known size. Where the window around a pixel has a larger one, it lies across an edge,
and the best of the windows that have the pixel on their border is taken instead. Source of the shifted
windows: M. Kuwahara et al., "Processing of RI-angiocardiographic images", 1976.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import PinholeCamera
from lab_perception.frame import Float32Image, Mask

MIN_NEIGHBOURS = 8
# Residual variance over noise variance: above it (1 % by chance with 30 samples) a window lies across an
# edge.
_BENT = 1.7
# Directions in which a window is shifted, (rows, columns); the first that fits within the noise is taken.
_AROUND = ((-1, -1), (1, 1), (-1, 1), (1, -1), (-1, 0), (1, 0), (0, -1), (0, 1))


def fit_surface(
    inverse_depth: Float32Image,
    mask: Mask,
    chroma: Float32Image,
    camera: PinholeCamera,
    noise: float,
    radius: int = 3,
    max_chroma_difference: float = 15.0,
) -> tuple[Float32Image, Float32Image]:
    """Smoothed inverse depth (H, W) and unit normals (H, W, 3) towards the camera, in the camera frame.

    inverse_depth: (H, W) 1/m, 0 where there is no data. mask: (H, W) pixels to fit.
    chroma: (H, W, 2) colour coordinates; a window takes only pixels of about the same chroma.
    camera: intrinsics of exactly this image. noise: standard deviation of the inverse depth, 1/m.
    Pixels outside the mask, or with too few neighbours of their kind, have inverse depth 0 and normal 0.
    """
    smooth = np.zeros(inverse_depth.shape, np.float32)
    normals = np.zeros((*inverse_depth.shape, 3), np.float32)
    intrinsics = np.array([camera.fx, camera.fy, camera.cx, camera.cy], np.float32)
    _fit(np.where(mask, inverse_depth, np.float32(0.0)), chroma, intrinsics, np.float32(noise), radius,
         np.float32(max_chroma_difference), smooth, normals)  # fmt: skip
    return smooth, normals


@compiled
def _fit(
    inverse_depth: Float32Image,
    chroma: Float32Image,
    intrinsics: npt.NDArray[np.float32],
    noise: np.float32,
    radius: int,
    max_chroma: np.float32,
    smooth: Float32Image,
    normals: Float32Image,
) -> None:
    height, width = inverse_depth.shape
    fx, fy, cx, cy = intrinsics[0], intrinsics[1], intrinsics[2], intrinsics[3]
    limit = np.float32(_BENT) * noise * noise
    small = radius - 1
    for v in range(height):
        for u in range(width):
            if inverse_depth[v, u] <= 0.0:
                continue
            a, b, c, variance, good = _plane(inverse_depth, chroma, v, u, v, u, radius, fx, noise, max_chroma)
            if not good or variance > limit:
                for shift in range(8):
                    dy, dx = small * _AROUND[shift][0], small * _AROUND[shift][1]
                    a2, b2, c2, variance2, good2 = _plane(
                        inverse_depth, chroma, v, u, v + dy, u + dx, small, fx, noise, max_chroma
                    )
                    if good2 and (not good or variance2 < variance):
                        a, b, c, variance, good = a2, b2, c2, variance2, True
                        if variance < noise * noise:
                            break
            if not good:
                continue
            centre = inverse_depth[v, u]
            alpha, beta = a * fx, b * fy
            gamma = centre + c - alpha * (u - cx) / fx - beta * (v - cy) / fy
            norm = np.sqrt(alpha * alpha + beta * beta + gamma * gamma)
            smooth[v, u] = centre + c
            normals[v, u, 0] = -alpha / norm
            normals[v, u, 1] = -beta / norm
            normals[v, u, 2] = -gamma / norm


@compiled
def _plane(
    inverse_depth: Float32Image,
    chroma: Float32Image,
    v: int,
    u: int,
    middle_v: int,
    middle_u: int,
    radius: int,
    fx: np.float32,
    noise: np.float32,
    max_chroma: np.float32,
) -> tuple[np.float32, np.float32, np.float32, np.float32, bool]:
    """Plane w = centre + a du + b dv + c about pixel (v, u) through its like in a window, and the variance
    about it.
    """
    height, width = inverse_depth.shape
    centre = inverse_depth[v, u]
    # A surface tilted by 75 degrees falls by 3.7 pixel pitches a pixel; relative to depth that is 3.7 / f.
    slope = np.float32(3.7) * centre / fx
    zero = np.float32(0)
    n = su = sv = suu = suv = svv = sw = suw = svw = sww = zero
    for y in range(max(middle_v - radius, 0), min(middle_v + radius + 1, height)):
        for x in range(max(middle_u - radius, 0), min(middle_u + radius + 1, width)):
            w = inverse_depth[y, x]
            if w <= zero:
                continue
            du = np.float32(x - u)
            dv = np.float32(y - v)
            w -= centre
            if abs(w) > np.float32(4.0) * noise + slope * max(abs(du), abs(dv)):
                continue
            if abs(chroma[y, x, 0] - chroma[v, u, 0]) + abs(chroma[y, x, 1] - chroma[v, u, 1]) > max_chroma:
                continue
            n += np.float32(1)
            su += du
            sv += dv
            suu += du * du
            suv += du * dv
            svv += dv * dv
            sw += w
            suw += du * w
            svw += dv * w
            sww += w * w
    if n < MIN_NEIGHBOURS:
        return zero, zero, zero, zero, False
    mu, mv, mw = su / n, sv / n, sw / n
    cuu, cuv, cvv = suu / n - mu * mu, suv / n - mu * mv, svv / n - mv * mv
    cuw, cvw = suw / n - mu * mw, svw / n - mv * mw
    determinant = cuu * cvv - cuv * cuv
    if determinant < np.float32(0.1):
        return zero, zero, zero, zero, False
    a = (cuw * cvv - cvw * cuv) / determinant
    b = (cvw * cuu - cuw * cuv) / determinant
    variance = max(sww / n - mw * mw - a * cuw - b * cvw, zero) * n / (n - np.float32(3))
    return a, b, mw - a * mu - b * mv, variance, True
