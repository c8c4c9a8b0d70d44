"""Printed pictures on links of the robot, such as a calibration board in its hand: drawn into finished
images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, PinholeCamera, transform_points

_SAMPLES = 3
_BLUR = 0.6
_NOISE = 2.0
_PAPER = 0.85
"""Of white: paper in the light of the cell."""
_BEHIND = 0.02
"""Metres: what is nearer to the camera than that hides the print; less is noise of the depth."""


@dataclass(frozen=True)
class PrintedPicture:
    """A picture glued on a link. link_from_print: (4, 4), origin in its middle, x right, y down, z into the
    paper.

    size: width and height, metres. picture: (H, W) grey.
    """

    link: str
    link_from_print: FloatArray
    size: tuple[float, float]
    picture: npt.NDArray[np.uint8]


def draw_print(
    colour: npt.NDArray[np.uint8],
    depth: npt.NDArray[np.float32],
    camera: PinholeCamera,
    camera_from_print: FloatArray,
    printed: PrintedPicture,
    random: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """The image (H, W, 3) with the picture in it, where it faces the camera and nothing stands before it."""
    if camera_from_print[:3, 2] @ camera_from_print[:3, 3] <= 0.0:
        return colour
    import cv2  # here, as the launch looks at scene files too

    x, y = 0.5 * printed.size[0], 0.5 * printed.size[1]
    corners = transform_points(camera_from_print, [[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]])
    if corners[:, 2].min() < 0.05:
        return colour
    fine = camera.scaled(_SAMPLES)
    height, width = printed.picture.shape
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(0.5)
    homography = cv2.getPerspectiveTransform(source, fine.project(corners).astype(np.float32))
    size = (fine.width, fine.height)
    sheet = cv2.warpPerspective(printed.picture, homography, size, flags=cv2.INTER_LINEAR)
    covered = cv2.warpPerspective(
        np.full_like(printed.picture, 255), homography, size, flags=cv2.INTER_LINEAR
    )
    there = (camera.width, camera.height)
    grey = cv2.resize(sheet, there, interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(covered, there, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    hidden = depth < _plane_depth(camera, camera_from_print) - _BEHIND
    share[hidden] = 0.0
    grey = cv2.GaussianBlur(grey / np.maximum(share, 1e-3), (0, 0), _BLUR) * _PAPER
    grey += random.normal(0.0, _NOISE, grey.shape)
    mixed = colour * (1.0 - share[..., None]) + (grey * share)[..., None]
    return np.asarray(np.clip(np.rint(mixed), 0, 255), dtype=np.uint8)


def _plane_depth(camera: PinholeCamera, camera_from_print: FloatArray) -> npt.NDArray[np.float32]:
    """(H, W) depth of the plane of the print, metres; infinite where a ray misses it."""
    normal, at = camera_from_print[:3, 2], camera_from_print[:3, 3]
    x, y = camera.rays()
    along = normal[0] * x[None, :] + normal[1] * y[:, None] + normal[2]
    with np.errstate(divide="ignore"):
        depth = float(normal @ at) / along
    return np.where(depth > 0.0, depth, np.inf).astype(np.float32)
