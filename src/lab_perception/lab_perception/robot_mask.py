"""Which pixels show the robot: its collision shapes, where its joints are, projected into the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from lab_core.geometry import FloatArray, PinholeCamera, invert, transform_points
from lab_description import Cell
from lab_description.tree import Shape
from lab_perception.frame import Mask

# Corners nearer than this to the plane of the lens would be projected to infinity.
_NEAREST = 0.02


class RobotMask:
    """Draws arm and gripper. A convex shape shows as the convex hull of its projected corners."""

    def __init__(self, cell: Cell, padding: float) -> None:
        """padding: how much larger the shapes are drawn, for errors of pose and time, metres."""
        self._cell = cell
        self._arm = _hulls(cell.robot.links, padding)
        self._gripper = _hulls(cell.end_effector.links, padding)

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints whose positions are needed."""
        return (*self._cell.robot.joint_names, *self._cell.end_effector.moving)

    def draw(
        self, positions: Mapping[str, float], camera: PinholeCamera, base_from_camera: FloatArray
    ) -> Mask | None:
        """(H, W) pixels of the robot, None when none show it. positions: radians, of all `joints`."""
        frames = self._cell.robot.forward({name: positions[name] for name in self._cell.robot.joint_names})
        base_from_gripper = frames[self._cell.robot.tool_link][0] @ self._cell.tool_from_gripper
        effector = self._cell.end_effector
        hand = effector.forward({name: positions[name] for name in effector.moving})
        camera_from_base = invert(base_from_camera)
        outlines = [(camera_from_base @ frames[link][0], hull) for link, hull in self._arm]
        outlines += [
            (camera_from_base @ base_from_gripper @ hand[link][0], hull) for link, hull in self._gripper
        ]
        image: np.ndarray | None = None
        for camera_from_link, hull in outlines:
            corners = transform_points(camera_from_link, hull)
            pixels = camera.project(corners[corners[:, 2] > _NEAREST])
            if len(pixels) < 3 or not _overlaps(pixels, camera):
                continue
            if image is None:
                image = np.zeros((camera.height, camera.width), np.uint8)
            polygon = cv2.convexHull(np.round(np.clip(pixels, -1e4, 1e4)).astype(np.int32))
            cv2.fillConvexPoly(image, polygon, 1)
        return None if image is None else image.view(np.bool_)


def _hulls(links: Mapping[str, object], padding: float) -> list[tuple[str, FloatArray]]:
    return [
        (name, _grown(shape, padding).hull())
        for name, link in links.items()
        for shape in link.collision  # type: ignore[attr-defined]
    ]


def _grown(shape: Shape, padding: float) -> Shape:
    if shape.box is not None:
        x, y, z = (edge + 2.0 * padding for edge in shape.box)
        return replace(shape, box=(x, y, z))
    if shape.sphere is not None:
        return replace(shape, sphere=shape.sphere + padding)
    assert shape.cylinder is not None
    cylinder = shape.cylinder
    grown = replace(cylinder, radius=cylinder.radius + padding, length=cylinder.length + 2.0 * padding)
    return replace(shape, cylinder=grown)


def _overlaps(pixels: FloatArray, camera: PinholeCamera) -> bool:
    lower, upper = pixels.min(axis=0), pixels.max(axis=0)
    return bool(upper[0] >= 0.0 and upper[1] >= 0.0 and lower[0] < camera.width and lower[1] < camera.height)
