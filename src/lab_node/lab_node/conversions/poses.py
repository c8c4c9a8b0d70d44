"""Poses and transforms: messages to (4, 4) matrices and back."""

from __future__ import annotations

import math

from geometry_msgs.msg import Point, Pose, Quaternion, Transform, Vector3

from lab_core.errors import InvalidRequestError
from lab_core.geometry import FloatArray, quaternion_from_matrix, transform_from_pose


def matrix_from_pose(pose: Pose) -> FloatArray:
    """(4, 4) of a pose.

    Raises InvalidRequestError for a quaternion without length, or a number that is none.
    """
    return _matrix(pose.position, pose.orientation)


def matrix_from_transform(transform: Transform) -> FloatArray:
    """(4, 4) of a transform.

    Raises InvalidRequestError for a quaternion without length, or a number that is none.
    """
    return _matrix(transform.translation, transform.rotation)


def pose_from_matrix(matrix: FloatArray) -> Pose:
    """Pose of a (4, 4) transform."""
    x, y, z = matrix[:3, 3].tolist()
    return Pose(position=Point(x=x, y=y, z=z), orientation=_quaternion(matrix))


def transform_from_matrix(matrix: FloatArray) -> Transform:
    """Transform message of a (4, 4) transform."""
    x, y, z = matrix[:3, 3].tolist()
    return Transform(translation=Vector3(x=x, y=y, z=z), rotation=_quaternion(matrix))


def _matrix(position: Point | Vector3, q: Quaternion) -> FloatArray:
    numbers = (position.x, position.y, position.z, q.x, q.y, q.z, q.w)
    if not all(map(math.isfinite, numbers)):
        raise InvalidRequestError(f"a pose is not finite: position {numbers[:3]}, rotation {numbers[3:]}")
    try:
        return transform_from_pose(numbers[:3], numbers[3:])
    except ValueError as error:
        raise InvalidRequestError(str(error)) from error


def _quaternion(matrix: FloatArray) -> Quaternion:
    x, y, z, w = quaternion_from_matrix(matrix[:3, :3]).tolist()
    return Quaternion(x=x, y=y, z=z, w=w)
