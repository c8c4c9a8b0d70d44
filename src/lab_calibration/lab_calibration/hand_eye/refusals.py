"""What poses must be before anything is made of them. Each refusal names the thing and the fix."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from lab_calibration.errors import PosesRefused, WrongBoard
from lab_calibration.hand_eye.calibration import FEWEST, Calibration
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_core.geometry import FloatArray, invert

_NOT_UNIT = 1e-3
_FARTHEST = 5.0
_LEAST_TURN = np.radians(10.0)
_SECOND_AXIS = np.radians(3.0)
_GOOD_SECOND_AXIS = np.radians(10.0)
"""What tilts of 20 to 40 degrees each way give; the least that is demanded still leaves large errors."""
_SAME_TURN = np.radians(4.0)
_SCALE = 0.005


def checked_transform(matrix: FloatArray, where: str) -> FloatArray:
    """A (4, 4) transform as it should be, its rotation made exact.

    Raises PosesRefused for what is not finite, left-handed, not of unit length, or in millimetres.
    """
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        raise PosesRefused(f"{where}: expected 16 finite numbers, a 4x4 transform row by row")
    rotation, translation = matrix[:3, :3], matrix[:3, 3]
    if not np.allclose(matrix[3], [0.0, 0.0, 0.0, 1.0], atol=1e-6):
        hint = " (the translation stands there: write it row by row)" if np.any(matrix[3, :3]) else ""
        raise PosesRefused(f"{where}: the last row is {matrix[3].tolist()}, expected 0 0 0 1{hint}")
    small = np.abs(rotation).max() < 2.0
    if small and np.linalg.det(rotation) < 0.0:
        raise PosesRefused(f"{where}: the rotation is left-handed: exchange or negate one of its axes")
    if not small or np.abs(rotation @ rotation.T - np.eye(3)).max() > _NOT_UNIT:
        raise PosesRefused(f"{where}: the rotation's columns are not of length 1 and at right angles")
    _refuse_millimetres(translation, where)
    left, _, right = np.linalg.svd(rotation)
    result = matrix.copy()
    result[:3, :3] = left @ right
    return result


def checked_pose(translation: FloatArray, quaternion_xyzw: FloatArray, where: str) -> FloatArray:
    """A (4, 4) transform of a translation and a quaternion. Raises PosesRefused."""
    values = np.concatenate([translation, quaternion_xyzw])
    if not np.isfinite(values).all():
        raise PosesRefused(f"{where}: expected finite numbers, found {values.tolist()}")
    length = float(np.hypot.reduce(quaternion_xyzw))
    if abs(length - 1.0) > _NOT_UNIT:
        raise PosesRefused(f"{where}: the quaternion has length {length:.3f}, expected 1 (x, y, z, w)")
    _refuse_millimetres(translation, where)
    result = np.eye(4)
    result[:3, :3] = Rotation.from_quat(quaternion_xyzw).as_matrix()
    result[:3, 3] = translation
    return result


def checked_joints(joints: FloatArray, where: str) -> FloatArray:
    """(J,) joint positions. Raises PosesRefused for what is no list, not finite, or in degrees."""
    if joints.ndim != 1 or not np.isfinite(joints).all():
        raise PosesRefused(f"{where}: joints: expected a list of finite numbers, found {joints.tolist()}")
    largest = float(np.abs(joints).max(initial=0.0))
    if largest > 2.2 * np.pi:
        raise PosesRefused(
            f"{where}: a joint at {largest:g} rad is more than a turn: write radians, not degrees"
        )
    return joints


def _refuse_millimetres(translation: FloatArray, where: str) -> None:
    distance = float(np.hypot.reduce(translation))  # which does not overflow
    if distance > _FARTHEST:
        raise PosesRefused(
            f"{where}: {distance:g} m away: write metres, not millimetres ({1e-3 * distance:.3g} m?)"
        )


def refuse_poor_poses(poses: Poses) -> None:
    """Raises PosesRefused when no calibration can follow from the poses: too few, all alike, about one axis
    only, or pictures that do not belong to them.
    """
    if len(poses) < FEWEST:
        raise PosesRefused(f"{len(poses)} poses: at least {FEWEST} are needed, 12 to 15 are good")
    _refuse_turns(poses, _turns(poses.mount_from_other))


def what_to_change(poses: Poses) -> str | None:
    """What the next poses should do otherwise than those so far, in words; None when any will do.

    poses: two or more.
    """
    turns = _turns(poses.mount_from_other)
    try:
        _refuse_turns(poses, turns)
    except PosesRefused as error:
        return str(error)
    if _about_each(turns)[1] >= _GOOD_SECOND_AXIS:
        return None
    axis, turned = _least_turned(turns, poses.setup)
    return f"the hand turned by {np.degrees(turned):.0f}° only about {axis}: tilt it by 20° to 40° about that"


def _refuse_turns(poses: Poses, turns: FloatArray) -> None:
    """turns: (P, 3) of the arm. Raises PosesRefused."""
    angles = np.linalg.norm(turns, axis=1)
    if angles.max() < _LEAST_TURN:
        raise PosesRefused(
            f"the hand turns by {np.degrees(angles.max()):.1f}° at most between the poses: tilt it by 20° to"
            " 40° each way"
        )
    if _about_each(turns)[1] < _SECOND_AXIS:
        axis, _ = _least_turned(turns, poses.setup)
        raise PosesRefused(f"all poses turn about one axis: tilt the hand about {axis} as well")
    apart = np.abs(angles - np.linalg.norm(_turns(poses.camera_from_board), axis=1))
    if np.median(apart) > _SAME_TURN:
        raise PosesRefused(
            "pictures and poses do not belong together: between two poses the arm turns by another angle than"
            f" the board in the pictures (median {np.degrees(np.median(apart)):.0f}°); check their order, and"
            " that the board does not slip in the hand"
        )


def _about_each(turns: FloatArray) -> FloatArray:
    """(3,) root mean square turn about each of three axes at right angles, radians, the largest first."""
    result: FloatArray = np.linalg.svd(turns, compute_uv=False) / np.sqrt(len(turns))
    return result


def _least_turned(turns: FloatArray, setup: Setup) -> tuple[str, float]:
    """The axis about which the turns (P, 3) are least, in words, and their root mean square, radians."""
    about = np.sqrt(np.mean(turns**2, axis=0))
    frame = "the base" if setup is Setup.FIXED else "the flange"
    return f"the {'xyz'[int(np.argmin(about))]} axis of {frame}", float(about.min())


def refuse_wrong_scale(calibration: Calibration) -> None:
    """Raises WrongBoard when the arm's way says that the board has another size than was named.

    The size is one unknown more of the same least squares problem, sought by one step from its solution.
    """
    fit, poses = calibration.fit, calibration.poses
    camera = poses.camera_from_board
    by_scale = np.zeros((len(poses), 6))
    by_scale[:, :3] = -np.einsum("nji,nj->ni", camera[:, :3, :3], camera[:, :3, 3])
    weight = np.linalg.inv(fit.spreads)
    cross = np.einsum("nip,nij,nj->p", fit.jacobians, weight, by_scale)
    own = np.einsum("ni,nij,nj->", by_scale, weight, by_scale) - cross @ fit.covariance @ cross
    step = -np.einsum("ni,nij,nj->", by_scale, weight, fit.errors) / own
    if abs(step) > _SCALE and abs(step) > 5.0 / np.sqrt(own):
        raise WrongBoard(
            f"the board seems to be {1.0 + step:.3f} times as large as was named: measure the ruler on the"
            " print, and give the true size of its squares"
        )


def _turns(transforms: FloatArray) -> FloatArray:
    """(P, 3) rotation vectors between all pairs of transforms (N, 4, 4)."""
    first, second = np.triu_indices(len(transforms), 1)
    motion = transforms[first] @ invert(transforms[second])
    result: FloatArray = Rotation.from_matrix(motion[:, :3, :3]).as_rotvec()
    return result
