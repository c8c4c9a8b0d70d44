"""What the camera saw, small enough to send: depth at half size for free, occupied and unknown space."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.depth import metres
from lab_core.geometry import PinholeCamera
from lab_core.scene import DepthView
from lab_perception.frame import Float32Image, Mask, RgbdFrame

_NOTHING = 65535


def reduced_view(frame: RgbdFrame) -> DepthView:
    """The depth of a frame at half its size, in whole millimetres, without the pixels of the robot."""
    depth, camera = halve_depth(frame.depth, frame.camera, frame.hidden)
    return DepthView(frame.base_from_camera, camera, depth, frame.camera_frame)


def halve_depth(
    depth: Float32Image, camera: PinholeCamera, hidden: Mask | None = None
) -> tuple[Float32Image, PinholeCamera]:
    """Metres (H // 2, W // 2) in steps of whole millimetres, NaN = no data, and the camera of that image.

    Each pixel is one real sample of its block of four, the second nearest: means would put points between
    part and table where nothing is, the nearest would be closer by one standard deviation of the noise
    everywhere. A block with one sample takes that. Pixels of the robot (`hidden`) are no data: what is behind
    them is unknown.
    """
    with np.errstate(invalid="ignore"):
        millimetres = np.where((depth > 0.0) & (depth < 60.0), depth * 1e3 + 0.5, _NOTHING).astype(np.uint16)
    if hidden is not None:
        millimetres[hidden] = _NOTHING
    rows, columns = millimetres.shape[0] // 2 * 2, millimetres.shape[1] // 2 * 2
    a, b = millimetres[0:rows:2, 0:columns:2], millimetres[0:rows:2, 1:columns:2]
    c, d = millimetres[1:rows:2, 0:columns:2], millimetres[1:rows:2, 1:columns:2]
    low_ab, high_ab, low_cd, high_cd = cv2.min(a, b), cv2.max(a, b), cv2.min(c, d), cv2.max(c, d)
    nearest = cv2.min(low_ab, low_cd)
    second = cv2.min(cv2.max(low_ab, low_cd), cv2.min(high_ab, high_cd))
    reduced: npt.NDArray[np.uint16] = np.where(second == _NOTHING, nearest, second)
    reduced[reduced == _NOTHING] = 0
    return metres(reduced), camera.scaled(0.5)
