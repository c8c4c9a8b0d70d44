"""What a stereo camera does to depth in the plain look: noise that grows with distance, steps, holes.

The real look has a model of its own, `look.stereo`.

Source: disparity d = f B / z with matching noise s gives σ_z = z² s / (f B); quantised disparity, the band
that only one imager sees, and the loss at grazing angles as measured on and documented for the RealSense D400
family.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_description import Camera

DepthImage = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StereoModel:
    """A stereo pair whose left imager sees the image.

    focal: px. baseline: metres. subpixel: standard deviation of the disparity, px. disparity_step: px.
    grazing: rays that meet a surface at less than this angle from it, radians, give no depth.
    dropout: share of the pixels that give none for no reason.
    """

    focal: float
    baseline: float
    subpixel: float
    disparity_step: float
    grazing: float
    dropout: float = 0.0

    @staticmethod
    def of(camera: Camera) -> StereoModel:
        """The model of a cell's camera."""
        said = camera.noise
        return StereoModel(
            camera.pinhole.fx,
            said.baseline,
            said.subpixel,
            said.disparity_step,
            said.grazing,
            camera.model.dropout,
        )

    def apply(self, depth: DepthImage, seed: int, frame: int) -> DepthImage:
        """Noisy depth (H, W), metres, NaN = no data; the same seed and frame number give the same noise."""
        noisy = np.empty_like(depth)
        _apply(
            depth,
            noisy,
            np.random.SeedSequence([seed, frame]).generate_state(1, np.uint64)[0],
            np.float32(self.focal * self.baseline),
            np.float32(self.subpixel),
            np.float32(self.disparity_step),
            np.float32(self.focal * np.tan(self.grazing)),
            np.float32(self.dropout),
        )
        return noisy


@compiled
def _apply(
    depth: DepthImage,
    noisy: DepthImage,
    seed: np.uint64,
    disparity_metres: np.float32,
    subpixel: np.float32,
    step: np.float32,
    steepest: np.float32,
    dropout: np.float32,
) -> None:
    """One pass over the pixels, each with random bits of its own (counter into SplitMix64, Steele et al.
    2014).

    disparity_metres: f B. steepest: a surface whose depth changes by more than z / steepest a pixel is
    grazing.
    """
    height, width = depth.shape
    lost = np.float32(np.nan)
    zero, half = np.float32(0.0), np.float32(0.5)
    for v in range(height):
        # Columns of the right image from here on are taken by what was seen so far, going left: a far surface
        # that maps there is hidden from the right imager by a nearer one.
        taken_from = np.float32(1e9)
        for u in range(width - 1, -1, -1):
            z = depth[v, u]
            noisy[v, u] = lost
            if not z > zero:
                continue
            disparity = disparity_metres / z
            in_right_image = np.float32(u) - disparity
            if in_right_image > taken_from + half:
                continue
            taken_from = min(taken_from, in_right_image)
            bits = seed + np.uint64(v * width + u + 1) * np.uint64(0x9E3779B97F4A7C15)
            bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            bits = bits ^ (bits >> np.uint64(31))
            if dropout > zero and np.float32(bits % np.uint64(10007)) < dropout * np.float32(10007.0):
                continue
            # On an edge one side is steep and the other is not: it is not grazing.
            across = down = np.float32(0.0)
            if 0 < u < width - 1:
                across = min(abs(depth[v, u + 1] - z), abs(z - depth[v, u - 1]))
            if 0 < v < height - 1:
                down = min(abs(depth[v + 1, u] - z), abs(z - depth[v - 1, u]))
            if (across * across + down * down) * steepest * steepest > z * z:
                continue
            # The sum of four uniform numbers is near enough to normal, and has no tail beyond 3.5 sigma.
            total = (
                np.float32(bits & np.uint64(0xFFFF))
                + np.float32((bits >> np.uint64(16)) & np.uint64(0xFFFF))
                + np.float32((bits >> np.uint64(32)) & np.uint64(0xFFFF))
                + np.float32(bits >> np.uint64(48))
            )
            normal = (total * np.float32(1.0 / 65535.0) - np.float32(2.0)) * np.float32(1.7320508)
            disparity += subpixel * normal
            if step > zero:
                disparity = np.float32(np.rint(disparity / step)) * step
            if disparity > zero:
                noisy[v, u] = disparity_metres / disparity
