"""The camera pose, the board's pose and the joints' offsets that explain what was seen, with their
covariance.

What is minimised are the reprojection errors of the corners: near the pose that fits the corners of one
picture best, their sum of squares is quadratic in the change of that pose, so that six numbers a picture
stand for all of its corners. Each picture has one error more, that of the arm, which moves all corners
together: without it, forty corners of one wrong pose would count as forty witnesses. Poses that lie off are
given less weight (P. J. Huber, "Robust estimation of a location parameter", 1964).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.kinematics import Arm
from lab_calibration.rigid import adjoint, difference, moved
from lab_core.geometry import FloatArray, invert

LEVER = 0.3
"""Metres: an arm of which the joints are not known errs by one radian as by so many metres."""
PIXEL_NOISE = 0.03
"""Least noise of a corner, px."""
HUBER = float(np.sqrt(chi2.ppf(0.95, 6)))
STEPS = 30


@dataclass(frozen=True)
class Model:
    """What is known before a solution.

    arm: None where only poses are known. offset: standard deviation of the joints' constant offsets, rad; 0:
    they have none. wobble: standard deviation of each joint's error from pose to pose, rad; without an arm,
    of the flange's rotation.
    """

    arm: Arm | None
    offset: float
    wobble: float

    @property
    def offsets(self) -> int:
        """How many joint offsets are sought."""
        return self.arm.joints if self.arm is not None and self.offset > 0.0 else 0


@dataclass(frozen=True)
class Fit:
    """A solution.

    mount_from_camera, other_from_board: (4, 4). offsets: (J,) rad, actual minus told; empty where not sought.
    covariance: (P, P) of the changes of camera, board and offsets, in this order. errors: (N, 6) that are
    left, changes of the board's pose. jacobians: (N, 6, P). spreads: (N, 6, 6) covariance of the errors.
    weights: (N,) 0 to 1.
    """

    model: Model
    mount_from_camera: FloatArray
    other_from_board: FloatArray
    offsets: FloatArray
    covariance: FloatArray
    errors: FloatArray
    jacobians: FloatArray
    spreads: FloatArray
    weights: FloatArray


def pixel_noise(poses: Poses) -> FloatArray:
    """(N,) noise of the corners of each picture, px, from how they lie about the pose that fits them best.

    As much of all pictures is mixed in as ten numbers would tell.
    """
    if poses.squares is None or poses.freedom is None:
        return np.full(len(poses), PIXEL_NOISE)
    usual = float(np.median(poses.squares / poses.freedom))
    variance = (poses.squares + 10.0 * usual) / (poses.freedom + 10.0)
    return np.asarray(np.sqrt(np.maximum(variance, PIXEL_NOISE**2)))


def refine(
    poses: Poses, model: Model, start: tuple[FloatArray, FloatArray] | Fit, robust: bool = True
) -> Fit:
    """The solution nearest to a start: mount_from_camera and other_from_board, or another fit."""
    if isinstance(start, Fit):
        camera, board = start.mount_from_camera, start.other_from_board
        offsets = start.offsets if len(start.offsets) == model.offsets else np.zeros(model.offsets)
    else:
        camera, board = start
        offsets = np.zeros(model.offsets)
    weights = np.ones(len(poses))
    previous = np.inf
    for step in range(STEPS):
        fit = linearised(poses, model, camera, board, offsets)
        inverse = np.linalg.inv(fit.spreads)
        distance = np.sqrt(np.einsum("ni,nij,nj->n", fit.errors, inverse, fit.errors))
        if robust:
            weights = np.minimum(1.0, HUBER / np.maximum(distance, 1e-9))
        normal, gradient = _normal(fit, inverse * weights[:, None, None])
        change: FloatArray = np.asarray(-np.linalg.solve(normal, gradient))
        largest = float(np.abs(change).max())
        camera, board = moved(camera, change[:6]), moved(board, change[6:12])
        offsets = offsets + change[12:]
        if largest < 1e-8 or (step > 8 and largest > 0.5 * previous):
            break
        previous = largest
    fit = linearised(poses, model, camera, board, offsets)
    normal, _ = _normal(fit, np.linalg.inv(fit.spreads) * weights[:, None, None])
    return replace(fit, covariance=np.asarray(np.linalg.inv(normal), dtype=np.float64), weights=weights)


def linearised(poses: Poses, model: Model, camera: FloatArray, board: FloatArray, offsets: FloatArray) -> Fit:
    """Errors and their derivatives at one point, without a covariance."""
    mount_from_other = poses.mount_from_other
    flange_changes = None
    if model.arm is not None and poses.joints is not None:
        joints = poses.joints + offsets if model.offsets else poses.joints
        if model.offsets:
            flange = model.arm.flange(joints)
            mount_from_other = flange if poses.setup is Setup.FIXED else invert(flange)
        flange_changes = model.arm.flange_changes(joints)
    predicted = invert(camera) @ mount_from_other @ board
    errors = difference(poses.camera_from_board, predicted)
    # the flange's change in the frame of the board
    if poses.setup is Setup.FIXED:
        board_from_flange = np.broadcast_to(adjoint(invert(board)), (len(poses), 6, 6))
    else:
        board_from_flange = -adjoint(invert(mount_from_other @ board))
    spread = board_from_flange @ np.diag([LEVER**2] * 3 + [1.0] * 3) @ np.swapaxes(board_from_flange, 1, 2)
    parts = [-adjoint(invert(predicted)), np.broadcast_to(np.eye(6), (len(poses), 6, 6))]
    if flange_changes is not None:
        by_joint = board_from_flange @ flange_changes
        # no error of a joint moves an arm in all six directions where it is singular
        spread = by_joint @ np.swapaxes(by_joint, 1, 2) + 0.01 * spread
        if model.offsets:
            parts.append(by_joint)
    spreads = model.wobble**2 * spread
    if poses.information is not None:
        spreads = spreads + np.linalg.inv(poses.information) * pixel_noise(poses)[:, None, None] ** 2
    jacobians = np.concatenate(parts, axis=2)
    size = jacobians.shape[2]
    return Fit(
        model, camera, board, offsets, np.zeros((size, size)), errors, jacobians, spreads, np.ones(len(poses))
    )


def _normal(fit: Fit, weighted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Normal matrix (P, P) and gradient (P,), with what is known of the offsets before."""
    transposed = np.swapaxes(fit.jacobians, 1, 2) @ weighted
    normal = np.einsum("npi,niq->pq", transposed, fit.jacobians)
    gradient = np.einsum("npi,ni->p", transposed, fit.errors)
    if fit.model.offsets:
        known = fit.model.offset**-2
        normal[12:, 12:] += known * np.eye(fit.model.offsets)
        gradient[12:] += known * fit.offsets
    return normal, gradient


def held_out(fit: Fit) -> tuple[FloatArray, FloatArray]:
    """Errors (N, 6) of each pose by the solution of all others, and their covariance (N, 6, 6).

    To first order, by taking the pose out of the normal matrix: the solution is not sought again.
    """
    inverse = np.linalg.inv(fit.spreads) * fit.weights[:, None, None]
    normal, _ = _normal(fit, inverse)
    jacobians = fit.jacobians
    transposed = np.swapaxes(jacobians, 1, 2)
    taken = transposed @ inverse
    without = normal - taken @ jacobians
    covariance = np.linalg.inv(without + 1e-9 * np.eye(len(normal)) * np.trace(normal) / len(normal))
    step = np.einsum("npq,nqi,ni->np", covariance, taken, fit.errors)
    errors = fit.errors + np.einsum("nip,np->ni", jacobians, step)
    return errors, fit.spreads + jacobians @ covariance @ transposed


def distances(errors: FloatArray, spreads: FloatArray) -> FloatArray:
    """(N,) squared errors in units of their covariance; 6 is what chance makes of each."""
    result: FloatArray = np.einsum("ni,nij,nj->n", errors, np.linalg.inv(spreads), errors)
    return result
