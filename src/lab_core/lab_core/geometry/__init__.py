"""Rigid transforms, boxes, planes, pinhole projection and colours on NumPy arrays.

Units are metres and radians. A transform is a (4, 4) matrix named like a fraction: `base_from_camera`
maps coordinates in the camera frame to coordinates in the base frame.
"""

from lab_core.geometry.boxes import OrientedBox, minimum_area_rectangle
from lab_core.geometry.colour import looks, oklab
from lab_core.geometry.pinhole import PinholeCamera
from lab_core.geometry.planes import Plane, fit_plane
from lab_core.geometry.transforms import (
    FloatArray,
    invert,
    make_transform,
    matrix_from_quaternion,
    matrix_from_rpy,
    quaternion_from_matrix,
    rotate_vectors,
    rotation_about,
    rotation_angle,
    transform_from_pose,
    transform_from_xyz_rpy,
    transform_points,
)

__all__ = [
    "FloatArray",
    "OrientedBox",
    "PinholeCamera",
    "Plane",
    "fit_plane",
    "invert",
    "looks",
    "make_transform",
    "matrix_from_quaternion",
    "matrix_from_rpy",
    "minimum_area_rectangle",
    "oklab",
    "quaternion_from_matrix",
    "rotate_vectors",
    "rotation_about",
    "rotation_angle",
    "transform_from_pose",
    "transform_from_xyz_rpy",
    "transform_points",
]
