"""A cell whose truth is known: where camera and board really are, and by how much each joint is off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab_calibration.board.board import Board
from lab_calibration.board.detection import (
    FEWEST_CORNERS,
    Corners,
    Sight,
    find_corners,
    locate,
)
from lab_calibration.errors import CalibrationError
from lab_calibration.hand_eye.candidates import Expected, board_in_hand
from lab_calibration.hand_eye.error_map import work_area
from lab_calibration.hand_eye.poses import Poses, Setup, poses_of
from lab_calibration.kinematics import Arm, seeds
from lab_calibration.rigid import moved
from lab_calibration.simulated.pictures import picture
from lab_core.geometry import (
    FloatArray,
    invert,
    make_transform,
    transform_from_xyz_rpy,
    transform_points,
)
from lab_description import Cell

REPEATABILITY = np.radians(0.003)
"""Of each joint, standard deviation: about 0.03 mm at the hand, as makers of such arms state."""
See = Callable[[FloatArray, np.random.Generator], Sight]
"""camera_from_board and random numbers to what is seen; raises CalibrationError where nothing is."""


@dataclass(frozen=True)
class CalibrationCell(Expected):
    """What is expected, and the truth."""

    mount_from_camera: FloatArray
    other_from_board: FloatArray
    offsets: FloatArray

    def camera_from_board(self, joints: FloatArray) -> FloatArray:
        """(..., 4, 4) in truth, at the positions (..., J) that the controller tells."""
        flange = self.arm.flange(joints + self.offsets)
        other = flange if self.setup is Setup.FIXED else invert(flange)
        result: FloatArray = invert(self.mount_from_camera) @ other @ self.other_from_board
        return result

    def take(
        self, joints: FloatArray, see: See, random: np.random.Generator, slip: FloatArray | None = None
    ) -> Poses:
        """Go to positions (N, J) and look; positions from where nothing is seen are left out.

        slip: (N, 3) by which the board is out of its place meanwhile, metres, in its own frame; none.
        """
        actual = joints + random.normal(0.0, REPEATABILITY, joints.shape)
        sights, kept = [], []
        for index, truth in enumerate(self.camera_from_board(actual)):
            if slip is not None:
                truth = moved(truth, np.append(slip[index], np.zeros(3)))
            try:
                sights.append(see(truth, random))
            except CalibrationError:
                continue
            kept.append(index)
        told = joints[kept]
        return poses_of(self.setup, told, self.arm.flange(told), sights)

    def missed(
        self, mount_from_camera: FloatArray, random: np.random.Generator | None
    ) -> tuple[FloatArray, FloatArray]:
        """By how far the hand misses each point of the work area, metres (M,), and is turned, radians (M,).

        The hand goes, by nominal joint angles, to where the calibrated camera pose says that a part is; it is
        there as well as the joints repeat, or exactly without random numbers.
        """
        area, arm = self.area, self.arm
        assert area.grasps is not None
        went = area.grasps + self.offsets
        if random is not None:
            went = went + random.normal(0.0, REPEATABILITY, went.shape)
        told, true = mount_from_camera, self.mount_from_camera
        if self.setup is Setup.WRIST:
            assert area.look_joints is not None
            told = arm.flange(area.look_joints) @ told
            true = arm.flange(area.look_joints + self.offsets) @ true
        parts = transform_points(true, transform_points(invert(told), area.points))
        nominal, actual = arm.flange(area.grasps), arm.flange(went)
        flange_points = (
            np.einsum("mij,mj->mi", invert(nominal)[:, :3, :3], area.points) + invert(nominal)[:, :3, 3]
        )
        hands = np.einsum("mij,mj->mi", actual[:, :3, :3], flange_points) + actual[:, :3, 3]
        part_turn = true[:3, :3] @ told[:3, :3].T
        hand_turn = actual[:, :3, :3] @ np.swapaxes(nominal[:, :3, :3], 1, 2)
        turn = np.swapaxes(hand_turn, 1, 2) @ part_turn
        cosine = np.clip(0.5 * (np.trace(turn, axis1=1, axis2=2) - 1.0), -1.0, 1.0)
        return np.linalg.norm(hands - parts, axis=1), np.arccos(cosine)


def draw_cell(
    cell: Cell, arm: Arm, setup: Setup, board: Board, joint_errors: bool, seed: int
) -> CalibrationCell:
    """A cell as it was set up with a tape measure: camera 10 mm and 1° off along and about each axis
    (standard deviation), board 4 mm and 2°. joint_errors: every joint is off by 0.1 to 0.5°, to either side.
    """
    random = np.random.default_rng([seed, 17])
    if setup is Setup.FIXED:
        camera = cell.camera.base_from_camera
        other_from_board = board_in_hand(cell, board)
    else:
        camera = transform_from_xyz_rpy([0.0, -0.075, 0.03], [0.0, 0.0, 0.0])
        middle = 0.5 * (cell.workspace.lower + cell.workspace.upper)
        other_from_board = make_transform(np.diag([1.0, -1.0, -1.0]), [middle[0], middle[1], 0.002])
    look = None
    if setup is Setup.WRIST:
        above = other_from_board[:3, 3] + [0.0, 0.0, 0.6]
        down = make_transform(np.diag([1.0, -1.0, -1.0]), above)
        look = arm.reach(down @ invert(camera), seeds(arm, np.random.default_rng(1), 40))
        assert look is not None
    area = work_area(cell, arm, look)
    scale = np.array([0.010] * 3 + [np.radians(1.0)] * 3)
    board_scale = np.array([0.004] * 3 + [np.radians(2.0)] * 3)
    offsets = np.radians(random.uniform(0.1, 0.5, arm.joints)) * random.choice([-1.0, 1.0], arm.joints)
    return CalibrationCell(
        setup,
        arm,
        cell.camera.pinhole,
        board,
        area,
        camera,
        other_from_board,
        moved(camera, random.normal(0.0, scale)),
        moved(other_from_board, random.normal(0.0, board_scale)),
        offsets if joint_errors else np.zeros(arm.joints),
    )


def rendered(cell: CalibrationCell) -> See:
    """Pictures as `pictures` makes them."""

    def see(camera_from_board: FloatArray, random: np.random.Generator) -> Sight:
        image = picture(cell.board, camera_from_board, cell.camera, random)
        return locate(find_corners(image, cell.board), cell.board, cell.camera)

    return see


def projected(cell: CalibrationCell, noises: FloatArray, common: float) -> See:
    """Corners where they are, with noise of each and one that all of a picture share, px (standard
    deviations); up to a third of them is not found.

    noises: of which each picture has one.
    """

    def see(camera_from_board: FloatArray, random: np.random.Generator) -> Sight:
        pixels = cell.camera.project(transform_points(camera_from_board, cell.board.corners))
        seen = np.all((pixels > 2.0) & (pixels < [cell.camera.width - 3.0, cell.camera.height - 3.0]), axis=1)
        seen &= random.random(len(pixels)) > random.uniform(0.0, 1.0 / 3.0)
        if seen.sum() < FEWEST_CORNERS:
            raise CalibrationError("too few corners")
        error = random.normal(0.0, random.choice(noises), pixels.shape) + random.normal(0.0, common, 2)
        return locate(Corners(np.flatnonzero(seen), (pixels + error)[seen]), cell.board, cell.camera)

    return see
