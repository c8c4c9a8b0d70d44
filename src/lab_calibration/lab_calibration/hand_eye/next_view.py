"""Which poses teach most: those after which the error at the parts is expected to be least.

Poses are taken one after the other, then exchanged as long as that helps. Source: V. V. Fedorov, "Theory of
Optimal Experiments", 1972 (the criterion that is linear in the covariance, and the exchange).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_calibration.hand_eye.calibration import OFFSET
from lab_calibration.hand_eye.error_map import WorkArea, sensitivity
from lab_calibration.hand_eye.poses import Poses
from lab_calibration.hand_eye.refinement import Model, linearised
from lab_calibration.kinematics import Arm
from lab_core.geometry import FloatArray

WOBBLE = 1e-4
"""Standard deviation of each joint's error from pose to pose that is expected, rad."""
_VAGUE = np.array([0.05] * 3 + [0.1] * 3 + [0.05] * 3 + [0.1] * 3)
"""What is known of camera and board before the first pose, metres and radians."""
_PASSES = 3


def choose(
    candidates: Poses,
    arm: Arm | None,
    mount_from_camera: FloatArray,
    other_from_board: FloatArray,
    area: WorkArea,
    count: int,
) -> list[int]:
    """Indices of the best poses, `count` of them, the most telling first.

    candidates: with camera_from_board and information as they are expected. Whether the joints have offsets
    is not known before, so that the poses are to be good for both.
    """
    offsets = (0.0,) if arm is None else (0.0, OFFSET)
    worlds = [_World.of(candidates, arm, one, mount_from_camera, other_from_board, area) for one in offsets]
    free = np.ones(len(candidates), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        _take(worlds, chosen, free, len(chosen))
    for _ in range(_PASSES):
        before = list(chosen)
        for place in range(len(chosen)):
            out = chosen.pop(place)
            free[out] = True
            for world in worlds:
                world.add(out, -1.0)
            _take(worlds, chosen, free, place)
        if chosen == before:
            break
    return chosen


@dataclass
class _World:
    """One belief about the arm: normal matrix (P, P) of what was taken, and what each candidate would add to
    it.

    cost: (P, P), whose trace with the covariance is the squared error at the parts.
    """

    normal: FloatArray
    cost: FloatArray
    jacobians: FloatArray
    spreads: FloatArray
    each: FloatArray

    @staticmethod
    def of(
        candidates: Poses,
        arm: Arm | None,
        offset: float,
        camera: FloatArray,
        board: FloatArray,
        area: WorkArea,
    ) -> _World:
        model = Model(arm, offset, WOBBLE)
        fit = linearised(candidates, model, camera, board, np.zeros(model.offsets))
        weighted = np.swapaxes(fit.jacobians, 1, 2) @ np.linalg.inv(fit.spreads)
        sensitive = sensitivity(fit, candidates.setup, area)[:, :3]
        known = np.concatenate([_VAGUE, np.full(model.offsets, max(offset, 1e-9))])
        return _World(
            np.diag(known**-2),
            np.einsum("mip,miq->pq", sensitive, sensitive) / len(sensitive),
            fit.jacobians,
            fit.spreads,
            weighted @ fit.jacobians,
        )

    def add(self, index: int, sign: float = 1.0) -> None:
        self.normal = self.normal + sign * self.each[index]

    def after(self) -> FloatArray:
        """(N,) squared errors, metres², after each candidate (by the matrix inversion lemma)."""
        covariance = np.linalg.inv(self.normal)
        seen = self.jacobians @ covariance
        inner = np.linalg.inv(self.spreads + seen @ np.swapaxes(self.jacobians, 1, 2))
        gain = np.einsum("nij,njp,pq,niq->n", inner, seen, self.cost, seen, optimize=True)
        result: FloatArray = np.trace(covariance @ self.cost) - gain
        return result


def _take(
    worlds: list[_World], chosen: list[int], free: np.ndarray[tuple[int], np.dtype[np.bool_]], place: int
) -> None:
    value = sum(np.log(np.maximum(world.after(), 1e-18)) for world in worlds)
    best = int(np.argmin(np.where(free, value, np.inf)))
    chosen.insert(place, best)
    free[best] = False
    for world in worlds:
        world.add(best)
