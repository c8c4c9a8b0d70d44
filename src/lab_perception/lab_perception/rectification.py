"""Images of a lens that bends straight lines, made into those of a pinhole camera.

Models and names are those of sensor_msgs/CameraInfo. Source: OpenCV, calib3d, which made them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera
from lab_perception.errors import UnknownLens

# how many coefficients each model has
PINHOLE_MODELS = {"plumb_bob": (4, 5), "rational_polynomial": (8, 12, 14)}
FISHEYE_MODELS = {"equidistant": (4,), "fisheye": (4,)}
NEGLIGIBLE = 1e-6
"""Of a coefficient: 0.001 pixels at the border of any image."""


@dataclass(frozen=True)
class Lens:
    """What camera_info says of an image that is not rectified.

    matrix: (3, 3) of the image as it comes, pixels. coefficients: of the model `model`. camera: the pinhole
    camera of the image once it is rectified; its viewpoint and axes are those of the lens.

    Raises UnknownLens for a model or a number of coefficients that nobody here knows.
    """

    matrix: FloatArray
    model: str
    coefficients: tuple[float, ...]
    camera: PinholeCamera

    def __post_init__(self) -> None:
        models = PINHOLE_MODELS | FISHEYE_MODELS
        if self.model not in models:
            raise UnknownLens(
                f"camera_info names the distortion model '{self.model}', expected one of"
                f" {', '.join(models)}: let the driver or image_proc publish rectified images"
            )
        if len(self.coefficients) not in models[self.model]:
            counts = " or ".join(map(str, models[self.model]))
            raise UnknownLens(
                f"camera_info has {len(self.coefficients)} coefficients of the distortion model"
                f" '{self.model}', expected {counts}: calibrate the camera"
            )
        if not np.isfinite(self.coefficients).all():
            raise UnknownLens("camera_info has a distortion that is no number: calibrate the camera")

    def rectified_color(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """(H, W, 3) as the pinhole camera would see it; black where the lens did not look."""
        return np.asarray(cv2.remap(image, *self._maps, cv2.INTER_LINEAR), dtype=np.uint8)

    def rectified_depth(self, depth: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(H, W) metres along the optical axis, NaN where there is none; never a mean across an edge."""
        return np.asarray(
            cv2.remap(depth, *self._maps, cv2.INTER_NEAREST, borderValue=float("nan")), dtype=np.float32
        )

    @cached_property
    def _maps(self) -> tuple[Any, Any]:
        distortion = np.array(self.coefficients)
        size = (self.camera.width, self.camera.height)
        make = (
            cv2.fisheye.initUndistortRectifyMap
            if self.model in FISHEYE_MODELS
            else (cv2.initUndistortRectifyMap)
        )
        return make(self.matrix, distortion, np.eye(3), self.camera.matrix, size, cv2.CV_16SC2)
