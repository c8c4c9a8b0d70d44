"""`lab calibrate hand_eye`: the camera's pose, from a pose file or by moving the arm."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date

import cv2
import numpy as np
from rich.console import Console

from lab_calibration.board.board import Board
from lab_calibration.cell_file import POSES_FILE, Result, refuse, write
from lab_calibration.commands.options import add_board, add_rig, board_of
from lab_calibration.commands.report import report
from lab_calibration.errors import CalibrationRefused
from lab_calibration.hand_eye.calibration import FEWEST, calibrate
from lab_calibration.hand_eye.candidates import Expected, board_in_hand
from lab_calibration.hand_eye.checks import CHECKS_FILE
from lab_calibration.hand_eye.error_map import WorkArea, error_map, work_area
from lab_calibration.hand_eye.files import read_poses, write_poses
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.hand_eye.refusals import refuse_poor_poses, refuse_wrong_scale
from lab_calibration.kinematics import Arm
from lab_calibration.landmark import LANDMARK_FILE
from lab_calibration.procedure import Look, take_poses, take_poses_by_hand
from lab_core.command_line import file_path
from lab_description import Cell, load_cell
from lab_description.camera import Calibration, ExpectedError

MOST = 60
_LINE = 1000
"""Bytes of a line that are read at once: what is piped in may have no end."""


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate hand_eye",
        description="Find where the camera stands, and how wrong that is at the parts: move the arm of the"
        " running cell, which holds the board (`lab calibrate board --in-hand`), let a person move it, or"
        " read a file of poses.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    words = "pose file of ours, of easy_handeye2 or moveit_calibration; without it the arm moves"
    parser.add_argument("--poses", type=file_path, metavar="FILE", help=words)
    words = "a person moves the arm and presses Enter at each pose; nothing is commanded to the arm"
    parser.add_argument("--by-hand", action="store_true", help=words)
    parser.add_argument(
        "--camera",
        choices=[setup.value for setup in Setup],
        help="where it is, for a file that does not say it",
    )
    parser.add_argument("--count", type=int, default=15, metavar="N", help="poses to take; 15")
    parser.add_argument("--write", action="store_true", help="write the result into the cell's YAML")
    parser.add_argument("--replace", action="store_true", help="also in the place of a better one")
    parser.add_argument("--robot-serial", metavar="TEXT", help="kept with the result")
    add_rig(parser)
    add_board(parser)
    options = parser.parse_args(argv)
    if not FEWEST <= options.count <= MOST:
        parser.error(f"--count {options.count}: expected {FEWEST} to {MOST}")
    if options.by_hand and options.poses is not None:
        parser.error("--by-hand takes poses, --poses reads them: leave one out")
    board, cell = board_of(options, parser), load_cell(options.cell)
    looks: tuple[Look, ...] = ()
    if options.poses is not None:
        poses = read_poses(options.poses, Setup(options.camera) if options.camera else None)
    else:
        poses, looks = take(cell, board, options)
    found = solve(cell, poses, str(board), options.robot_serial, Console())
    if options.write:
        keep(cell, poses, found, options.replace, looks)
        print(f"written to {cell.files['cell']}")
        print(f"the camera stands elsewhere now: ./lab collision_matrix {options.cell}")
    return 0


def take(cell: Cell, board: Board, options: argparse.Namespace) -> tuple[Poses, tuple[Look, ...]]:
    """Let the arm of the running cell take poses, or a person. Raises CalibrationError, and whatever stops
    the arm.
    """
    from lab_calibration.ros_rig import RosRig  # loads ROS, which a file of poses does not need

    known = expected(cell, board)
    with RosRig(cell, options.namespace) as rig:
        if options.by_hand:
            taken = take_poses_by_hand(known, rig, options.count, pressed, print)
        else:
            taken = take_poses(known, rig, options.count, options.seed, print)
    return taken.poses, taken.looks


def pressed() -> str | None:
    """The next line of the person, None when there will be no more."""
    if sys.stdin is None:  # closed by who started this
        return None
    line = sys.stdin.buffer.readline(_LINE)
    return line.decode(errors="replace") if line else None


def expected(cell: Cell, board: Board) -> Expected:
    """What is known of a cell before a calibration: a camera that stands, and the board in the hand."""
    arm = Arm.of(cell)
    return Expected(
        Setup.FIXED,
        arm,
        cell.camera.pinhole,
        board,
        work_area(cell, arm),
        cell.camera.base_from_camera,
        board_in_hand(cell, board),
    )


def solve(cell: Cell, poses: Poses, board: str, robot_serial: str | None, console: Console) -> Result:
    """Solve, report, and make of it what can be written. Raises CalibrationError."""
    refuse_poor_poses(poses)
    arm = Arm.of(cell)
    known = arm if poses.joints is not None and poses.joints.shape[1] == arm.joints else None
    found = calibrate(poses, known)
    refuse_wrong_scale(found)
    area = _area(cell, arm, poses)
    errors = error_map(found, area)
    report(found, errors, area, console)
    return Result(
        errors.mount_from_camera,
        Calibration(
            ExpectedError(float(errors.position.max()), float(errors.angle.max())),
            len(found.poses),
            board,
            cell.calibration_folder.name,
            robot_serial,
            camera_serial(cell),
        ),
        date.today(),
    )


def keep(cell: Cell, poses: Poses, result: Result, replace: bool, looks: Sequence[Look] = ()) -> None:
    """Write a result and its evidence. Raises CalibrationRefused."""
    if poses.setup is Setup.WRIST:
        raise CalibrationRefused(
            f"{cell.files['cell']}: a cell's camera stands in base_link; the pose of one on the wrist is"
            " printed, not written"
        )
    refuse(cell, result, replace)
    folder = cell.calibration_folder
    folder.mkdir(exist_ok=True)
    write_poses(poses, folder / POSES_FILE)
    for name in (CHECKS_FILE, LANDMARK_FILE):
        (folder / name).unlink(missing_ok=True)  # they were of the calibration before
    for number, look in enumerate(looks, start=1):
        cv2.imwrite(str(folder / f"pose_{number:02}.jpg"), look.image[..., ::-1])
    write(cell, result)


def camera_serial(cell: Cell) -> str | None:
    """The camera's serial number, as the cell's hardware tells it."""
    if cell.hardware is None or cell.hardware.camera is None:
        return None
    return cell.hardware.camera.values.get("serial")


def _area(cell: Cell, arm: Arm, poses: Poses) -> WorkArea:
    """The work area; a camera on the wrist looks at it as it looked at the board most squarely."""
    if poses.setup is Setup.FIXED:
        return work_area(cell, arm)
    tilt = np.abs(poses.camera_from_board[:, 2, 2])
    best = int(np.argmax(tilt))
    if poses.joints is not None and poses.joints.shape[1] == arm.joints:
        return work_area(cell, arm, poses.joints[best])
    area = work_area(cell, arm)
    return WorkArea(area.points, area.grasps, poses.base_from_flange[best])
