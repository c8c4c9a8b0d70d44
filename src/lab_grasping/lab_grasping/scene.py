"""What geometric planners need of a scene, and its refusal where the scene lacks it."""

from __future__ import annotations

import numpy as np

from lab_core.errors import InvalidRequestError
from lab_core.geometry import FloatArray, Plane, make_transform
from lab_core.scene import DepthView, Scene


def support_of(scene: Scene) -> Plane:
    """The plane that the parts stand on. Raises InvalidRequestError when the scene has none."""
    if scene.support is None:
        raise InvalidRequestError("the scene has no support plane: grasps cannot be kept clear of it")
    return scene.support


def view_of(scene: Scene) -> DepthView:
    """What the camera saw. Raises InvalidRequestError when the scene has no depth view."""
    if scene.view is None:
        raise InvalidRequestError("the scene has no depth view: free space cannot be told from unknown")
    return scene.view


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
