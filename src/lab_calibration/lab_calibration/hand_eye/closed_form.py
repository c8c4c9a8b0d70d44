"""Hand-eye calibration in closed form, the start of the refinement.

Source: F. C. Park, B. J. Martin, "Robot sensor calibration: solving AX = XB on the Euclidean group", IEEE
T-RA 1994. It is written here because OpenCV 5.0 has its five methods in C++ only; where Python reaches them,
they stand beside ours in the benchmark.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.poses import Poses
from lab_calibration.rigid import difference, moved
from lab_core.geometry import FloatArray, invert, make_transform

_OPENCV = ("park", "daniilidis", "tsai", "horaud", "andreff")


def park(poses: Poses) -> tuple[FloatArray, FloatArray]:
    """(4, 4) mount_from_camera by Park and Martin, and (4, 4) other_from_board that fits it.

    Raises PosesRefused when the poses turn about one axis only.
    """
    first, second = np.array(list(itertools.combinations(range(len(poses)), 2))).T
    mount, camera = poses.mount_from_other, poses.camera_from_board
    arm_motion = mount[first] @ invert(mount[second])
    sight_motion = camera[first] @ invert(camera[second])
    arm_turn = Rotation.from_matrix(arm_motion[:, :3, :3]).as_rotvec()
    sight_turn = Rotation.from_matrix(sight_motion[:, :3, :3]).as_rotvec()
    left, sizes, right = np.linalg.svd(arm_turn.T @ sight_turn)
    if not sizes[1] > 1e-4 * len(first):
        raise PosesRefused("all poses turn about one axis: tilt the hand about a second one as well")
    rotation = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    equations = (arm_motion[:, :3, :3] - np.eye(3)).reshape(-1, 3)
    values = (sight_motion[:, :3, 3] @ rotation.T - arm_motion[:, :3, 3]).ravel()
    translation = np.linalg.lstsq(equations, values, rcond=None)[0]
    return _with_board(poses, make_transform(rotation, translation))


def opencv_methods() -> tuple[str, ...]:
    """Those of OpenCV that its Python binding has here: five, or none."""
    return _OPENCV if hasattr(cv2, "calibrateHandEye") else ()


def by_opencv(poses: Poses, method: str) -> tuple[FloatArray, FloatArray]:
    """The same by one of opencv_methods().

    Raises PosesRefused when it finds nothing.
    """
    other_from_mount = invert(poses.mount_from_other)
    rotation, translation = cv2.calibrateHandEye(  # type: ignore[attr-defined,unused-ignore]
        # the camera is the eye on the "gripper", seen from what the board is fixed to
        [pose[:3, :3] for pose in other_from_mount],
        [pose[:3, 3] for pose in other_from_mount],
        [pose[:3, :3] for pose in poses.camera_from_board],
        [pose[:3, 3] for pose in poses.camera_from_board],
        method=getattr(cv2, f"CALIB_HAND_EYE_{method.upper()}"),
    )
    mount_from_camera = make_transform(rotation, np.ravel(translation))
    if not np.isfinite(mount_from_camera).all():
        raise PosesRefused(f"no camera pose follows from these poses by {method}: take more of them")
    return _with_board(poses, mount_from_camera)


def _with_board(poses: Poses, mount_from_camera: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same with the pose in the middle of those that each picture gives the board, of which some may be
    wrong.
    """
    boards = invert(poses.mount_from_other) @ mount_from_camera @ poses.camera_from_board
    changes = [difference(pose, boards) for pose in boards]
    spread = [np.median(np.linalg.norm(change[:, :3], axis=1)) for change in changes]
    best = int(np.argmin(spread))
    return mount_from_camera, moved(boards[best], np.median(changes[best], axis=0))
