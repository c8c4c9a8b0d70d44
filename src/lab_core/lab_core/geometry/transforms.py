"""Rigid transforms as (4, 4) matrices; quaternions in the order of ROS messages, (x, y, z, w)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def make_transform(rotation: npt.ArrayLike, translation: npt.ArrayLike) -> FloatArray:
    """(4, 4) transform from a (3, 3) rotation and a (3,) translation."""
    transform = np.eye(4)
    transform[:3, :3] = rotation
    transform[:3, 3] = translation
    return transform


def invert(transform: FloatArray) -> FloatArray:
    """Inverse of a rigid transform or of a stack of them, (..., 4, 4)."""
    inverse = np.zeros_like(transform)
    rotation_transposed = np.swapaxes(transform[..., :3, :3], -1, -2)
    inverse[..., :3, :3] = rotation_transposed
    inverse[..., :3, 3] = -np.einsum("...ij,...j->...i", rotation_transposed, transform[..., :3, 3])
    inverse[..., 3, 3] = 1.0
    return inverse


def transform_points(target_from_source: FloatArray, points: npt.ArrayLike) -> FloatArray:
    """Points (..., 3) of the source frame in the target frame."""
    result: FloatArray = (
        np.asarray(points, dtype=np.float64) @ target_from_source[:3, :3].T + target_from_source[:3, 3]
    )
    return result


def rotate_vectors(target_from_source: FloatArray, vectors: npt.ArrayLike) -> FloatArray:
    """Directions (..., 3) of the source frame in the target frame; the translation does not apply."""
    result: FloatArray = np.asarray(vectors, dtype=np.float64) @ target_from_source[:3, :3].T
    return result


def matrix_from_quaternion(quaternion_xyzw: npt.ArrayLike) -> FloatArray:
    """(3, 3) rotation of a quaternion of any length but zero.

    Raises ValueError on a quaternion without length.
    """
    quaternion = np.asarray(quaternion_xyzw, dtype=np.float64)
    length = float(np.linalg.norm(quaternion))
    if not length > 1e-9:
        raise ValueError(f"quaternion {quaternion.tolist()} has no length, expected (x, y, z, w) of length 1")
    x, y, z, w = quaternion / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_matrix(rotation: FloatArray) -> FloatArray:
    """Unit quaternion (x, y, z, w), w >= 0, of a (3, 3) rotation.

    Source: S. W. Shepperd, "Quaternion from rotation matrix", 1978: the largest of the four is divided by.
    """
    r = rotation
    squares = np.array([r[0, 0], r[1, 1], r[2, 2], r[0, 0] + r[1, 1] + r[2, 2]])
    largest = int(np.argmax(squares))
    if largest == 3:
        quaternion = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 1.0 + squares[3]])
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        quaternion = np.empty(4)
        quaternion[i] = 1.0 + r[i, i] - r[j, j] - r[k, k]
        quaternion[j] = r[j, i] + r[i, j]
        quaternion[k] = r[k, i] + r[i, k]
        quaternion[3] = r[k, j] - r[j, k]
    quaternion /= np.linalg.norm(quaternion)
    return quaternion if quaternion[3] >= 0.0 else -quaternion


def matrix_from_rpy(rpy: npt.ArrayLike) -> FloatArray:
    """(3, 3) rotation of fixed-axis roll, pitch, yaw, radians, as in URDF."""
    roll, pitch, yaw = np.asarray(rpy, dtype=np.float64)
    return rotation_about([0, 0, 1], yaw) @ rotation_about([0, 1, 0], pitch) @ rotation_about([1, 0, 0], roll)


def rotation_about(axis: npt.ArrayLike, angle: float) -> FloatArray:
    """(3, 3) rotation by an angle, radians, about an axis (3,) of any length but zero (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    result: FloatArray = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return result


def rotation_angle(rotation: FloatArray) -> float:
    """Angle of a (3, 3) rotation, radians, 0..pi; exact for small angles too."""
    skew = rotation - rotation.T
    sine = 0.5 * float(np.linalg.norm([skew[2, 1], skew[0, 2], skew[1, 0]]))
    cosine = 0.5 * (float(np.trace(rotation)) - 1.0)
    return float(np.arctan2(sine, cosine))


def transform_from_pose(position: npt.ArrayLike, quaternion_xyzw: npt.ArrayLike) -> FloatArray:
    """(4, 4) transform of a position (3,) and a quaternion (x, y, z, w)."""
    return make_transform(matrix_from_quaternion(quaternion_xyzw), position)


def transform_from_xyz_rpy(xyz: npt.ArrayLike, rpy: npt.ArrayLike) -> FloatArray:
    """(4, 4) transform of a URDF origin: metres, radians."""
    return make_transform(matrix_from_rpy(rpy), xyz)
