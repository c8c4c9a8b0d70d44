"""The part of an image that shows the work area, and where the rays of its pixels go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera, invert, transform_points
from lab_perception.errors import AreaNotInView
from lab_perception.frame import Float32Image, Mask, WorkArea

Pixel = TypeVar("Pixel", bound=np.generic)


@dataclass(frozen=True, slots=True)
class View:
    """A rectangle of an image.

    left, top: of it in the full image, pixels. camera: its own intrinsics.
    rays: (h, w, 3) base coordinates of what is at depth 1 m, less those of the camera.
    on_area: (h, w) pixels that show the work area with its margin when it is empty.
    """

    left: int
    top: int
    camera: PinholeCamera
    base_from_camera: FloatArray
    rays: Float32Image
    on_area: Mask

    @classmethod
    def of(cls, camera: PinholeCamera, base_from_camera: FloatArray, area: WorkArea) -> View:
        """The least rectangle that shows all of the work area.

        Raises AreaNotInView when it is not in the image.
        """
        left, top, right, bottom = window_of(camera, base_from_camera, area)
        x, y = camera.rays()
        in_camera = np.ones((bottom - top, right - left, 3), np.float32)
        in_camera[..., 0], in_camera[..., 1] = x[None, left:right], y[top:bottom, None]
        rays = in_camera @ base_from_camera[:3, :3].T.astype(np.float32)
        drop = np.float32(area.support_height - base_from_camera[2, 3])
        with np.errstate(divide="ignore", invalid="ignore"):
            ground = (drop / rays[..., 2:]) * rays[..., :2] + base_from_camera[:2, 3].astype(np.float32)
        on_area = (ground > area.lower[:2] - area.margin).all(-1) & (
            ground < area.upper[:2] + area.margin
        ).all(-1)
        on_area &= rays[..., 2] < 0.0
        return cls(left, top, _cropped(camera, left, top, *rays.shape[:2]), base_from_camera, rays, on_area)

    def crop(self, image: npt.NDArray[Pixel]) -> npt.NDArray[Pixel]:
        """What this view shows of a full image (H, W, ...)."""
        return image[self.top : self.top + self.camera.height, self.left : self.left + self.camera.width]

    def around(self, mask: Mask, margin: int) -> tuple[View, tuple[slice, slice]]:
        """The view of the pixels of a mask (h, w) and some more around them, and where it is in this one."""
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        right, bottom = min(left + width + margin, mask.shape[1]), min(top + height + margin, mask.shape[0])
        left, top = max(left - margin, 0), max(top - margin, 0)
        window = (slice(top, bottom), slice(left, right))
        part = View(
            self.left + left,
            self.top + top,
            _cropped(self.camera, left, top, bottom - top, right - left),
            self.base_from_camera,
            self.rays[window],
            self.on_area[window],
        )
        return part, window


def window_of(
    camera: PinholeCamera, base_from_camera: FloatArray, area: WorkArea
) -> tuple[int, int, int, int]:
    """First column, first row, and the column and row after the last of the pixels that show a work area.

    Raises AreaNotInView when it is not in the image.
    """
    pixels = camera.project(transform_points(invert(base_from_camera), area.corners()))
    if np.isnan(pixels).any():
        raise AreaNotInView("a part of the work area lies behind the camera")
    size = [camera.width, camera.height]  # what is far outside of it, or infinite, is no number of a pixel
    left, top = np.clip(np.floor(pixels.min(0)), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(pixels.max(0)) + 1, 0, size).astype(int)
    if right - left < 16 or bottom - top < 16:
        raise AreaNotInView("the work area is not in the image")
    return int(left), int(top), int(right), int(bottom)


def _cropped(camera: PinholeCamera, left: int, top: int, height: int, width: int) -> PinholeCamera:
    return PinholeCamera(width, height, camera.fx, camera.fy, camera.cx - left, camera.cy - top)
