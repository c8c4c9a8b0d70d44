"""Images with more pixels than parts need are worked on at half their size.

The weights of the segmentation were fitted to 640 by 480 pixels around a work area; four times as many cost
four times as much and show no part that these do not.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from lab_core.compiled import compiled
from lab_core.geometry import PinholeCamera
from lab_perception.frame import Float32Image, Mask, RgbdFrame


def halved_camera(camera: PinholeCamera) -> PinholeCamera:
    """The camera of an image at half its size; an odd last row or column is left out."""
    return replace(camera.scaled(0.5), width=camera.width // 2, height=camera.height // 2)


def halved_frame(frame: RgbdFrame) -> RgbdFrame:
    """The frame at half its size: means of colour, real samples of depth."""
    camera = halved_camera(frame.camera)
    size = (camera.width, camera.height)
    rows, columns = 2 * camera.height, 2 * camera.width
    hidden: Mask | None = None
    if frame.hidden is not None:
        # a block shows the robot where any pixel of it does
        blocks = frame.hidden[:rows, :columns]
        hidden = blocks[::2, ::2] | blocks[::2, 1::2] | blocks[1::2, ::2] | blocks[1::2, 1::2]
    color = cv2.resize(frame.color[:rows, :columns], size, interpolation=cv2.INTER_AREA)
    return replace(
        frame,
        color=color.astype(np.uint8, copy=False),
        depth=halved_depth(frame.depth),
        camera=camera,
        hidden=hidden,
    )


def halved_depth(depth: Float32Image, hidden: Mask | None = None, farthest: float = np.inf) -> Float32Image:
    """Metres (H // 2, W // 2), NaN = no data.

    Each pixel is one real sample of its block of four, the second nearest: means would put points between
    part and table where nothing is, the nearest would be closer by one standard deviation of the noise
    everywhere. A block with one sample takes that. hidden: (H, W) pixels that are no data, as are those
    from `farthest` on, metres.
    """
    reduced = np.empty((depth.shape[0] // 2, depth.shape[1] // 2), np.float32)
    nowhere = np.empty((0, 0), np.bool_)
    _second_nearest(depth, nowhere if hidden is None else hidden, np.float32(farthest), reduced)
    return reduced


@compiled
def _second_nearest(depth: Float32Image, hidden: Mask, farthest: np.float32, reduced: Float32Image) -> None:
    masked = hidden.size > 0
    for v in range(reduced.shape[0]):
        for u in range(reduced.shape[1]):
            nearest = second = np.float32(np.inf)
            for y in range(2 * v, 2 * v + 2):
                for x in range(2 * u, 2 * u + 2):
                    value = depth[y, x]
                    if not 0.0 < value < farthest or (masked and hidden[y, x]):
                        continue
                    if value < nearest:
                        nearest, second = value, nearest
                    elif value < second:
                        second = value
            if second < np.inf:
                reduced[v, u] = second
            elif nearest < np.inf:
                reduced[v, u] = nearest
            else:
                reduced[v, u] = np.nan
