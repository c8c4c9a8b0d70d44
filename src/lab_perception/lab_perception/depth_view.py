"""What the camera saw, small enough to send: depth at half size for free, occupied and unknown space."""

from __future__ import annotations

from lab_core.depth import metres, millimetres
from lab_core.geometry import PinholeCamera
from lab_core.scene import DepthView
from lab_perception.frame import Float32Image, Mask, RgbdFrame
from lab_perception.resolution import halved_camera, halved_depth

# Metres; what is further off is no data.
_FAR = 60.0


def reduced_view(frame: RgbdFrame) -> DepthView:
    """The depth of a frame at half its size, in whole millimetres, without the pixels of the robot."""
    depth, camera = halve_depth(frame.depth, frame.camera, frame.hidden)
    return DepthView(frame.base_from_camera, camera, depth, frame.camera_frame)


def halve_depth(
    depth: Float32Image, camera: PinholeCamera, hidden: Mask | None = None
) -> tuple[Float32Image, PinholeCamera]:
    """Metres (H // 2, W // 2) in steps of whole millimetres, NaN = no data, and the camera of that image; see
    `lab_perception.resolution`.

    Pixels of the robot (`hidden`) are no data: what is behind them is unknown.
    """
    reduced = halved_depth(depth, hidden, _FAR)
    return metres(millimetres(reduced)), halved_camera(camera)
