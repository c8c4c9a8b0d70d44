"""Oriented boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray, invert, transform_points


@dataclass(frozen=True, slots=True)
class OrientedBox:
    """A box by its centre frame.

    frame_from_box: (4, 4), origin in the centre of the box, axes along its edges.
    size: (3,) full edge lengths, metres.
    """

    frame_from_box: FloatArray
    size: FloatArray

    @property
    def centre(self) -> FloatArray:
        """(3,) metres."""
        centre: FloatArray = self.frame_from_box[:3, 3]
        return centre

    def corners(self) -> FloatArray:
        """(8, 3) corners in the frame."""
        signs = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
        return transform_points(self.frame_from_box, signs * self.size)

    def contains(self, points: npt.ArrayLike, margin: float = 0.0) -> npt.NDArray[np.bool_]:
        """Whether points (..., 3) lie inside the box grown by a margin, metres, on each side."""
        in_box = np.abs(transform_points(invert(self.frame_from_box), points))
        inside: npt.NDArray[np.bool_] = np.all(in_box <= 0.5 * self.size + margin, axis=-1)
        return inside

    def penetration(self, other: OrientedBox) -> float:
        """How far one of two boxes would have to move to be clear of the other, metres; 0 if they are.

        Source: S. Gottschalk, M. C. Lin, D. Manocha, "OBBTree", SIGGRAPH 1996: separating axes.
        """
        mine, others = self.frame_from_box[:3, :3], other.frame_from_box[:3, :3]
        across = np.cross(mine.T[:, None], others.T[None]).reshape(-1, 3)
        length = np.linalg.norm(across, axis=1)
        axes = np.concatenate([mine.T, others.T, across[length > 1e-6] / length[length > 1e-6, None]])
        reach = 0.5 * (np.abs(axes @ mine) @ self.size + np.abs(axes @ others) @ other.size)
        overlap = reach - np.abs(axes @ (other.centre - self.centre))
        return max(0.0, float(overlap.min()))


def minimum_area_rectangle(points: npt.ArrayLike) -> tuple[FloatArray, FloatArray, float]:
    """Smallest rectangle around points (N, 2): centre (2,), size (2,), the longer side first, yaw in [0, pi).

    Yaw turns the x axis of the plane onto the longer side. Source: rotating calipers, G. Toussaint 1983.

    Raises ValueError without points.
    """
    array = np.asarray(points, dtype=np.float32)
    if len(array) == 0:
        raise ValueError("a rectangle needs at least one point")
    import cv2  # here, as most nodes need no rectangle and it takes 30 MB of each

    (x, y), (width, height), degrees = cv2.minAreaRect(array)
    yaw = np.deg2rad(degrees)
    if height > width:
        width, height, yaw = height, width, yaw + np.pi / 2
    return np.array([x, y]), np.array([width, height]), float(yaw % np.pi)
