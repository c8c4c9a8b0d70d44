"""What perception works on: one RGB-D image and the place that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera, invert, transform_points

Float32Image: TypeAlias = npt.NDArray[np.float32]
ByteImage: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RgbdFrame:
    """One colour image with depth aligned to it.

    color: (H, W, 3) uint8, RGB.
    depth: (H, W) float32 metres along the optical axis, NaN where there is no data.
    base_from_camera: (4, 4), camera in its optical frame (REP 103).
    hidden: (H, W) pixels that show the robot, or None when it is out of the image.
    stamp: nanoseconds. base_frame, camera_frame: names of the two frames.
    """

    color: ByteImage
    depth: Float32Image
    camera: PinholeCamera
    base_from_camera: FloatArray
    hidden: Mask | None = None
    stamp: int = 0
    base_frame: str = "base_link"
    camera_frame: str = ""

    def __post_init__(self) -> None:
        expected = (self.camera.height, self.camera.width)
        for name, shape in (("colour", self.color.shape[:2]), ("depth", self.depth.shape)):
            if shape != expected:
                raise ValueError(
                    f"the {name} image is {shape[::-1]}, its camera {expected[::-1]}: publish both alike"
                )
        if self.hidden is not None and self.hidden.shape != expected:
            raise ValueError(
                f"the mask of hidden pixels is {self.hidden.shape[::-1]}, the image {expected[::-1]}"
            )

    def hides(self, point: FloatArray) -> bool:
        """Whether the robot is in front of a point (3,) of the base frame."""
        if self.hidden is None:
            return False
        pixel = self.camera.project(transform_points(invert(self.base_from_camera), point))
        if not np.isfinite(pixel).all():
            return False
        column, row = np.round(pixel).astype(int)
        inside = 0 <= column < self.camera.width and 0 <= row < self.camera.height
        return bool(inside and self.hidden[row, column])


@dataclass(frozen=True, slots=True)
class WorkArea:
    """Where parts may lie.

    lower, upper: (3,) metres in the base frame; parts whose footprint has its centre in here count.
    support_height: z of the support as configured, metres; the measured plane is searched around it. margin:
    how far outside the area the image is looked at, so that a part on its border is seen whole, metres.
    """

    lower: FloatArray
    upper: FloatArray
    support_height: float
    margin: float = 0.06

    def __post_init__(self) -> None:
        if not np.all(self.lower < self.upper):
            raise ValueError(f"work area from {self.lower.tolist()} to {self.upper.tolist()} has no inside")

    @property
    def centre(self) -> FloatArray:
        """(3,) centre of the area on the support."""
        centre = 0.5 * (self.lower + self.upper)
        centre[2] = self.support_height
        return centre

    @property
    def is_small(self) -> bool:
        """Whether one part may cover most of it, so that it shows too little of the support by itself."""
        return bool((self.upper - self.lower)[:2].min() < 0.2)

    def corners(self) -> FloatArray:
        """(8, 3) corners of the region that is looked at."""
        lower, upper = self.lower - self.margin, self.upper + self.margin
        lower[2], upper[2] = self.support_height, self.upper[2]
        ends = np.stack([lower, upper])
        index = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
        return np.take_along_axis(ends, index, axis=0)
