"""The messages of one exposure as images of a pinhole camera."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CameraInfo, Image

from lab_core.geometry import PinholeCamera
from lab_node.conversions.images import depth_in_metres, pinhole_camera, rgb
from lab_perception.errors import PerceptionError, UnknownLens
from lab_perception.rectification import NEGLIGIBLE, Lens

PinholeImages = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], PinholeCamera]


def pinhole_images(color: Image, depth: Image, info: CameraInfo, rectified: bool) -> PinholeImages:
    """Colour (H, W, 3) RGB, depth (H, W) metres with NaN for no data, and the camera that sees them.

    rectified: the images are, whatever distortion the camera_info tells of the lens (as those of image_proc,
    whose camera_info keeps it). Others with a distortion are rectified here.

    Raises InvalidRequestError, PerceptionError: a message is malformed; UnknownLens: it cannot be rectified.
    """
    color_image, depth_image = rgb(color), depth_in_metres(depth)
    size = (info.height, info.width)
    if color_image.shape[:2] != size or depth_image.shape != size:
        (height, width), (rows, columns) = color_image.shape[:2], depth_image.shape
        raise PerceptionError(
            f"camera_info is of images of {info.width}x{info.height}, colour has {width}x{height} and depth"
            f" {columns}x{rows}: let the driver align depth to colour and publish camera_info of that size"
        )
    if rectified:
        return color_image, depth_image, _rectified_camera(info)
    if not any(abs(value) > NEGLIGIBLE for value in info.d):
        return color_image, depth_image, pinhole_camera(info)
    if np.any(info.r) and not np.allclose(np.reshape(info.r, (3, 3)), np.eye(3), atol=1e-6):
        raise UnknownLens(
            "camera_info turns the image about the lens, as in a stereo pair: publish rectified images and"
            " write `rectified: true` into the camera's file"
        )
    camera = _rectified_camera(info)
    lens = _lens(info.distortion_model, tuple(info.d), tuple(info.k), camera)
    return lens.rectified_color(color_image), lens.rectified_depth(depth_image), camera


def pinhole_depth(
    depth: Image, info: CameraInfo, rectified: bool
) -> tuple[npt.NDArray[np.float32], PinholeCamera]:
    """Depth (H, W) metres with NaN for no data, and the camera that sees it; raises as pinhole_images does.

    rectified: see pinhole_images.
    """
    image = depth_in_metres(depth)
    if image.shape != (info.height, info.width):
        raise PerceptionError(
            f"camera_info is of images of {info.width}x{info.height}, depth has"
            f" {image.shape[1]}x{image.shape[0]}"
        )
    if rectified or not any(abs(value) > NEGLIGIBLE for value in info.d):
        return image, _rectified_camera(info) if rectified else pinhole_camera(info)
    camera = _rectified_camera(info)
    lens = _lens(info.distortion_model, tuple(info.d), tuple(info.k), camera)
    return lens.rectified_depth(image), camera


def _rectified_camera(info: CameraInfo) -> PinholeCamera:
    """The left three columns of P where it is given, else K. Raises InvalidRequestError: not calibrated."""
    camera = pinhole_camera(info)
    if not (info.p[0] > 0.0 and info.p[5] > 0.0):
        return camera
    return PinholeCamera(camera.width, camera.height, info.p[0], info.p[5], info.p[2], info.p[6])


@lru_cache(maxsize=2)
def _lens(model: str, d: tuple[float, ...], k: tuple[float, ...], camera: PinholeCamera) -> Lens:
    """Kept, with its maps: they cost 30 times what a picture does."""
    return Lens(np.reshape(k, (3, 3)), model, d, camera)
