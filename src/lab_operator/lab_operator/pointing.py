"""Which part somebody points at in the camera's picture."""

from __future__ import annotations

import cv2
import numpy as np

from lab_core.geometry import PinholeCamera, invert, transform_points
from lab_core.scene import Part, Scene
from lab_description import Cell

MARGIN = 6.0
"""Pixels beside a part that still mean it."""


def pixel_at(
    click: tuple[float, float], shown: tuple[float, float], camera: PinholeCamera
) -> tuple[float, float] | None:
    """The pixel of the camera at a click, both from the upper left corner; None beside the picture.

    shown: width and height of the place that the whole picture fills as far as it can.
    """
    if min(shown) <= 0.0:
        return None
    scale = min(shown[0] / camera.width, shown[1] / camera.height)
    u = (click[0] - 0.5 * (shown[0] - scale * camera.width)) / scale
    v = (click[1] - 0.5 * (shown[1] - scale * camera.height)) / scale
    return (u, v) if 0.0 <= u < camera.width and 0.0 <= v < camera.height else None


def part_at(pixel: tuple[float, float], scene: Scene, cell: Cell) -> Part | None:
    """The part whose box is at a pixel, or just beside it; of several the nearest to the camera."""
    camera, camera_from_base = cell.camera.pinhole, invert(cell.camera.base_from_camera)
    hit: tuple[float, Part] | None = None
    for part in scene.objects:
        corners = transform_points(camera_from_base, part.box.corners())
        if corners[:, 2].min() <= 0.0:
            continue
        outline = cv2.convexHull(camera.project(corners).astype(np.float32))
        if cv2.pointPolygonTest(outline, pixel, True) >= -MARGIN:
            distance = float(np.linalg.norm(corners.mean(axis=0)))
            if hit is None or distance < hit[0]:
                hit = (distance, part)
    return None if hit is None else hit[1]
