"""Whether the camera still stands where it stood: the same sights, then and now.

A board that stands still, or one that the arm shows again at the same joint angles, is seen as before unless
the camera moved. What the calibration itself is wrong by is in both sights and cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.error_map import CONFIDENCE, WorkArea
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.hand_eye.refinement import LEVER, pixel_noise
from lab_calibration.kinematics import Arm
from lab_calibration.rigid import adjoint, difference, skew
from lab_core.geometry import FloatArray, invert, transform_points

FALSE_ALARM = 0.002
SMALLEST = 0.001
"""Metres at the parts: less is not called a move, however sure it is."""


@dataclass(frozen=True)
class Move:
    """distance: of the parts as the camera now sees them from where they were, metres; the largest of the
    work area. lower, upper: between which it is with 95 %. chance: that sights of a camera that stands differ
    so much.
    """

    distance: float
    lower: float
    upper: float
    chance: float

    @property
    def is_moved(self) -> bool:
        return self.chance < FALSE_ALARM and self.distance > SMALLEST

    def __str__(self) -> str:
        words = "moved" if self.is_moved else "stands"
        return (
            f"the camera {words}: {1e3 * self.distance:.1f} mm at the parts, with 95 % between"
            f" {1e3 * self.lower:.1f} and {1e3 * self.upper:.1f} mm"
        )


def move_between(
    then: Poses,
    now: Poses,
    mount_from_camera: FloatArray,
    area: WorkArea,
    wobble: float,
    arm: Arm | None = None,
    usual: FloatArray | None = None,
) -> Move:
    """How far the camera moved between two series of the same stands.

    wobble: standard deviation of each joint's error from pose to pose, rad (of the flange's rotation without
    an arm); 0 for a board and a camera that stand. usual: (6,) standard deviations of how far a camera moves
    that does, metres and radians in its own frame. One board in a corner of the view says little of the parts
    in the other corner: of the moves that fit, the likelier is taken. The chance does not rest on it.

    Raises PosesRefused when the stands are not the same.
    """
    if len(then) != len(now) or len(then) == 0:
        raise PosesRefused(
            f"{len(now)} sights are compared with {len(then)}: show the board at the same poses"
        )
    away = difference(then.base_from_flange, now.base_from_flange)
    farthest = int(np.argmax(np.abs(away).max(axis=1)))
    if np.abs(away[farthest]).max() > 0.01:
        shift = 1e3 * np.linalg.norm(away[farthest, :3])
        raise PosesRefused(
            f"{now.names[farthest]} is {shift:.1f} mm from where it was at the calibration: show the board at"
            " the same poses"
        )
    # the arm is not exactly where it was, and it tells where it is
    board_then = then.camera_from_board
    spreads = _spreads(then, wobble, arm, mount_from_camera) + _spreads(now, wobble, arm, mount_from_camera)
    errors = difference(board_then, now.camera_from_board)
    # a move of the camera, in its own frame, as a change of each board's pose
    jacobians = -adjoint(invert(board_then))
    weighted = np.swapaxes(jacobians, 1, 2) @ np.linalg.inv(spreads)
    known, seen = np.sum(weighted @ jacobians, axis=0), np.einsum("npi,ni->p", weighted, errors)
    covariance = np.linalg.inv(known)
    chance = float(chi2.sf(seen @ covariance @ seen, 6))
    if usual is not None:
        covariance = np.linalg.inv(known + np.diag(usual**-2.0))
    move = covariance @ seen
    return _at_parts(move, covariance, mount_from_camera, then.setup, area, chance)


def _spreads(poses: Poses, wobble: float, arm: Arm | None, mount_from_camera: FloatArray) -> FloatArray:
    assert poses.information is not None
    spreads = np.linalg.inv(poses.information) * pixel_noise(poses)[:, None, None] ** 2
    if wobble == 0.0:
        return spreads
    flange = np.broadcast_to(np.diag([LEVER**2] * 3 + [1.0] * 3), spreads.shape)
    if arm is not None and poses.joints is not None:
        changes = arm.flange_changes(poses.joints)
        flange = changes @ np.swapaxes(changes, 1, 2)
    if poses.setup is Setup.FIXED:
        board_from_flange = adjoint(
            invert(poses.camera_from_board) @ invert(mount_from_camera) @ poses.base_from_flange
        )
    else:
        board_from_flange = adjoint(invert(poses.camera_from_board) @ invert(mount_from_camera))
    result: FloatArray = spreads + wobble**2 * board_from_flange @ flange @ np.swapaxes(
        board_from_flange, 1, 2
    )
    return result


def _at_parts(
    move: FloatArray,
    covariance: FloatArray,
    mount_from_camera: FloatArray,
    setup: Setup,
    area: WorkArea,
    chance: float,
) -> Move:
    points = transform_points(invert(area.base_from_camera(setup, mount_from_camera)), area.points)
    seen = np.concatenate([np.broadcast_to(np.eye(3), (len(points), 3, 3)), -skew(points)], axis=2)
    shifts = seen @ move
    lengths = np.linalg.norm(shifts, axis=1)
    worst = int(np.argmax(lengths))
    spread = seen[worst] @ covariance @ seen[worst].T
    length = float(lengths[worst])
    along = shifts[worst] / max(length, 1e-12)
    half = float(norm.ppf(0.5 + 0.5 * CONFIDENCE) * np.sqrt(along @ spread @ along))
    return Move(length, max(0.0, length - half), length + half, chance)
