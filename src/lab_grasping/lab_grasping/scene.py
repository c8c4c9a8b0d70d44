"""What one image told, as the planner takes it. All coordinates in one frame, normally `base_link`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, OrientedBox, PinholeCamera, Plane, make_transform

DepthImage = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DepthView:
    """The depth image and where it was taken from: it tells free space from unknown.

    base_from_camera: (4, 4), optical frame (z forward, x right, y down).
    depth: (camera.height, camera.width) metres along the optical axis, NaN where there is no data.
    """

    base_from_camera: FloatArray
    camera: PinholeCamera
    depth: DepthImage


@dataclass(frozen=True, slots=True)
class ObservedObject:
    """One part as it was seen.

    points: (N, 3) metres. normals: (N, 3) unit, towards the camera. box: extended down to the support.
    truncated: the image border cuts the part.
    """

    id: str
    points: FloatArray
    normals: FloatArray
    box: OrientedBox
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ObservedScene:
    """All parts of one image, the plane that they stand on, and the view. stamp: nanoseconds."""

    stamp: int
    frame: str
    support: Plane
    objects: tuple[ObservedObject, ...]
    view: DepthView


def support_from_base(support: Plane) -> FloatArray:
    """(4, 4) transform to a frame whose z = 0 is the support and whose z axis is its normal.

    The x axis stays as near to that of the base as it can; heights above the support become z coordinates.
    """
    z = support.normal / np.linalg.norm(support.normal)
    x = np.array([1.0, 0.0, 0.0]) if abs(z[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    x = x - (x @ z) * z
    x /= np.linalg.norm(x)
    rotation = np.stack([x, np.cross(z, x), z])
    return make_transform(rotation, [0.0, 0.0, support.offset])
