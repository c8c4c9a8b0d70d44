"""Stands of the arm that a calibration may take: drawn at random among those that should show the whole
board.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_calibration.board.board import Board
from lab_calibration.board.detection import Sight, information
from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.error_map import WorkArea
from lab_calibration.hand_eye.poses import Poses, Setup, poses_of
from lab_calibration.kinematics import Arm, seeds
from lab_core.geometry import (
    FloatArray,
    PinholeCamera,
    invert,
    make_transform,
    rotation_about,
    transform_points,
)
from lab_description import Cell

EXPECTED_NOISE = 0.15
"""Of a corner, px, before the first picture."""
_EDGE = 8.0
"""Px between the board and the edge of the picture."""
_CLEARANCE = 0.03
_NEAREST, _FARTHEST, _STEEPEST = 0.35, 1.0, np.radians(50.0)
_TRIES = 200


@dataclass(frozen=True)
class Expected:
    """What is known before a calibration. nominal_camera: mount_from_camera, nominal_board: other_from_board
    as the cell's file and the hand have them, (4, 4).
    """

    setup: Setup
    arm: Arm
    camera: PinholeCamera
    board: Board
    area: WorkArea
    nominal_camera: FloatArray
    nominal_board: FloatArray


def board_in_hand(cell: Cell, board: Board) -> FloatArray:
    """(4, 4) flange_from_board of a plate in the fingers, with its long edge along the hand and its face to
    the side on which they open.
    """
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    return cell.tool_from_tcp @ make_transform(turn, [0.0, 0.0, 0.5 * board.height])


def candidates(expected: Expected, count: int, seed: int) -> Poses:
    """Stands from which the camera should see the whole board.

    Drawn: where in the picture, 0.35 to 1.0 m away, tilted by up to 50°, turned by any angle; kept when the
    arm reaches it and board and hand stay above the table. Raises PosesRefused when there are hardly any.
    """
    random = np.random.default_rng([seed, 23])
    start = seeds(expected.arm, random, 12)
    joints: list[FloatArray] = []
    sights: list[Sight] = []
    for _ in range(_TRIES * count):
        if len(joints) == count:
            break
        seen = _drawn(expected.camera, random)
        flange = expected.nominal_camera @ seen @ invert(expected.nominal_board)
        if expected.setup is Setup.WRIST:
            flange = invert(flange)
        if not in_view(expected, seen) or not _clear(expected, flange):
            continue
        found = expected.arm.reach(flange, start)
        if found is not None:
            joints.append(found)
            told = information(expected.board.corners, seen, expected.camera)
            sights.append(Sight(seen, told, EXPECTED_NOISE**2, 1, len(expected.board.corners)))
    if len(joints) < min(count, 20):
        raise PosesRefused(
            f"the arm reaches {len(joints)} poses that show the board to the camera: check its pose in"
            " the cell's file, or hold the board another way"
        )
    positions = np.array(joints)
    return poses_of(expected.setup, positions, expected.arm.flange(positions), sights)


def in_view(expected: Expected, camera_from_board: FloatArray) -> bool:
    """Whether the whole board is in the picture."""
    corners = transform_points(camera_from_board, expected.board.outline())
    if corners[:, 2].min() < 0.1:
        return False
    camera = expected.camera
    pixels = camera.project(corners)
    return bool(np.all(pixels > _EDGE) and np.all(pixels < [camera.width - _EDGE, camera.height - _EDGE]))


def _drawn(camera: PinholeCamera, random: np.random.Generator) -> FloatArray:
    depth = random.uniform(_NEAREST, _FARTHEST)
    pixel = random.uniform([0.0, 0.0], [camera.width, camera.height])
    at = depth * np.array([(pixel[0] - camera.cx) / camera.fx, (pixel[1] - camera.cy) / camera.fy, 1.0])
    tilt, towards, roll = random.uniform(0.0, _STEEPEST), *random.uniform(0.0, 2.0 * np.pi, 2)
    turn = rotation_about([np.cos(towards), np.sin(towards), 0.0], tilt)
    return make_transform(turn @ rotation_about([0.0, 0.0, 1.0], roll), at)


def _clear(expected: Expected, base_from_flange: FloatArray) -> bool:
    points = [base_from_flange[:3, 3]]
    if expected.setup is Setup.FIXED:
        points.extend(
            transform_points(base_from_flange @ expected.nominal_board, expected.board.outline(0.01))
        )
    else:
        points.append(transform_points(base_from_flange, [0.0, 0.0, 0.16]))
    return bool(np.min(np.array(points)[:, 2]) > _CLEARANCE)
