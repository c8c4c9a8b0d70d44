"""Which poses teach most: those after which the error at the parts is expected to be least, one after the
other.

Source: V. V. Fedorov, "Theory of Optimal Experiments", 1972 (the criterion that is linear in the covariance).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab_calibration.hand_eye.error_map import WorkArea, sensitivity
from lab_calibration.hand_eye.poses import Poses
from lab_calibration.hand_eye.refinement import Model, linearised
from lab_core.geometry import FloatArray

_VAGUE = np.array([0.05] * 3 + [0.1] * 3 + [0.05] * 3 + [0.1] * 3)
"""What is known of camera and board before the first pose, metres and radians."""


def choose(
    candidates: Poses,
    model: Model,
    mount_from_camera: FloatArray,
    other_from_board: FloatArray,
    area: WorkArea,
    count: int,
    taken: Sequence[int] = (),
) -> list[int]:
    """Indices of the best poses, `count` of them, the most telling first.

    candidates: with camera_from_board and information as they are expected. taken: candidates that were taken
    already.
    """
    fit = linearised(candidates, model, mount_from_camera, other_from_board, np.zeros(model.offsets))
    jacobians = fit.jacobians
    each = np.swapaxes(jacobians, 1, 2) @ np.linalg.inv(fit.spreads) @ jacobians
    sensitive = sensitivity(fit, candidates.setup, area)[:, :3]
    cost = np.einsum("mip,miq->pq", sensitive, sensitive) / len(sensitive)
    normal = np.diag(np.concatenate([_VAGUE, np.full(model.offsets, max(model.offset, 1e-9))]) ** -2)
    chosen = list(taken)
    normal = normal + each[chosen].sum(axis=0)
    free = np.ones(len(candidates), dtype=bool)
    free[chosen] = False
    result: list[int] = []
    while len(result) < count and free.any():
        after = np.einsum("npq,qp->n", np.linalg.inv(normal + each), cost)
        best = int(np.argmin(np.where(free, after, np.inf)))
        result.append(best)
        free[best] = False
        normal = normal + each[best]
    return result
