"""What the cell saw and meant, drawn into its image."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, invert, transform_points
from lab_core.scene import Scene

Image = npt.NDArray[np.uint8]

EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7))
OTHER, TARGET, GRASP, BLOCKING = (60, 64, 72), (255, 170, 0), (0, 190, 120), (225, 60, 50)
# drawn length of the fingers and of the stem behind them, metres
FINGER, STEM = 0.04, 0.05


def draw(
    image: Image,
    scene: Scene,
    target: str,
    base_from_tcp: FloatArray | None,
    opening: float,
    blocking: Collection[str] = (),
) -> Image:
    """Copy of the image (H, W, 3) with all boxes, the target's in colour, and the grasp as a fork.

    The plain image where the scene has no view. opening: distance of the fingers, metres; 0 draws the rod of
    a suction cup. blocking: ids of parts that stood in the way.
    """
    canvas = np.ascontiguousarray(image).copy()
    if scene.view is None:
        return canvas
    camera = scene.view.camera.scaled(image.shape[1] / scene.view.camera.width)
    camera_from_base = invert(scene.view.base_from_camera)

    def line(start: FloatArray, end: FloatArray, colour: tuple[int, int, int], thickness: int) -> None:
        pixels = camera.project(transform_points(camera_from_base, np.stack([start, end])))
        if np.isfinite(pixels).all():
            # sub-pixel: 4 bits of fraction
            a, b = (tuple(int(v) for v in np.rint(pixel * 16)) for pixel in pixels)
            cv2.line(canvas, a, b, colour, thickness, cv2.LINE_AA, 4)

    for part in scene.objects:
        corners = part.box.corners()
        colour = TARGET if part.id == target else BLOCKING if part.id in blocking else OTHER
        for a, b in EDGES:
            line(corners[a], corners[b], colour, 1 if colour == OTHER else 2)
    if base_from_tcp is not None:
        half = 0.5 * opening
        fork = transform_points(
            base_from_tcp,
            np.array(
                [
                    [0, -half, 0],
                    [0, -half, -FINGER],
                    [0, half, -FINGER],
                    [0, half, 0],
                    [0, 0, -FINGER],
                    [0, 0, -FINGER - STEM],
                ]
            ),
        )
        for a, b in ((0, 1), (1, 2), (2, 3), (4, 5)):
            line(fork[a], fork[b], GRASP, 3)
    return canvas
