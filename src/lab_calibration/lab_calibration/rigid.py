"""Small changes of rigid transforms, as arrays.

A change is (6,): a translation and a rotation vector, both in the frame that is moved. `moved(T, change)`
applies it, `difference(T, U)` is the change that leads from T to U.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from lab_core.geometry import FloatArray


def moved(transform: FloatArray, change: FloatArray) -> FloatArray:
    """Transforms (..., 4, 4) moved by changes (..., 6)."""
    result = np.broadcast_to(transform, (*np.shape(change)[:-1], 4, 4)).copy()
    turn = Rotation.from_rotvec(change[..., 3:].reshape(-1, 3)).as_matrix().reshape(*change.shape[:-1], 3, 3)
    result[..., :3, 3] += np.einsum("...ij,...j->...i", result[..., :3, :3], change[..., :3])
    result[..., :3, :3] = result[..., :3, :3] @ turn
    return result


def difference(start: FloatArray, end: FloatArray) -> FloatArray:
    """Changes (..., 6) that lead from transforms (..., 4, 4) to others."""
    back = np.swapaxes(start[..., :3, :3], -1, -2)
    shift = np.einsum("...ij,...j->...i", back, end[..., :3, 3] - start[..., :3, 3])
    turn = Rotation.from_matrix((back @ end[..., :3, :3]).reshape(-1, 3, 3)).as_rotvec()
    return np.concatenate([shift, turn.reshape(*shift.shape)], axis=-1)


def skew(vectors: FloatArray) -> FloatArray:
    """Matrices (..., 3, 3) of the cross product with vectors (..., 3) from the left."""
    result = np.zeros((*vectors.shape[:-1], 3, 3))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    result[..., 0, 1], result[..., 0, 2], result[..., 1, 2] = -z, y, -x
    result[..., 1, 0], result[..., 2, 0], result[..., 2, 1] = z, -y, x
    return result


def adjoint(target_from_source: FloatArray) -> FloatArray:
    """Matrices (..., 6, 6) that turn a small change in the source frame into the same one in the target
    frame.
    """
    rotation = target_from_source[..., :3, :3]
    result = np.zeros((*target_from_source.shape[:-2], 6, 6))
    result[..., :3, :3] = result[..., 3:, 3:] = rotation
    result[..., :3, 3:] = skew(target_from_source[..., :3, 3]) @ rotation
    return result
