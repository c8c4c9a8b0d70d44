"""`lab calibrate hand_eye`: the camera's pose, from a pose file or by moving the arm."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from rich.console import Console

from lab_calibration.cell_file import POSES_FILE, Result, evidence_folder, refuse, write
from lab_calibration.commands.options import add_board, board_of
from lab_calibration.commands.report import report
from lab_calibration.errors import CalibrationRefused
from lab_calibration.hand_eye.calibration import calibrate
from lab_calibration.hand_eye.error_map import WorkArea, error_map, work_area
from lab_calibration.hand_eye.files import read_poses, write_poses
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.hand_eye.refusals import refuse_poor_poses, refuse_wrong_scale
from lab_calibration.kinematics import Arm
from lab_description import Cell, load_cell
from lab_description.camera import Calibration, ExpectedError


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate hand_eye",
        description="Find where the camera stands, and how wrong that is at the parts, from a file of poses.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    words = "pose file of ours, of easy_handeye2 or moveit_calibration"
    parser.add_argument("--poses", type=Path, required=True, metavar="FILE", help=words)
    parser.add_argument(
        "--camera",
        choices=[setup.value for setup in Setup],
        help="where it is, for a file that does not say it",
    )
    parser.add_argument("--write", action="store_true", help="write the result into the cell's YAML")
    parser.add_argument("--replace", action="store_true", help="also in the place of a better one")
    parser.add_argument("--robot-serial", metavar="TEXT", help="kept with the result")
    add_board(parser)
    options = parser.parse_args(argv)
    board, cell = board_of(options, parser), load_cell(options.cell)
    poses = read_poses(options.poses, Setup(options.camera) if options.camera else None)
    found = solve(cell, poses, str(board), options.robot_serial, Console())
    if options.write:
        keep(cell, poses, found, options.replace)
        print(f"written to {cell.files['cell']}")
    return 0


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
            evidence_folder(cell).name,
            robot_serial,
            camera_serial(cell),
        ),
        date.today(),
    )


def keep(cell: Cell, poses: Poses, result: Result, replace: bool) -> None:
    """Write a result and its evidence. Raises CalibrationRefused."""
    if poses.setup is Setup.WRIST:
        raise CalibrationRefused(
            f"{cell.files['cell']}: a cell's camera stands in base_link; the pose of one on the wrist is"
            " printed, not written"
        )
    refuse(cell, result, replace)
    folder = evidence_folder(cell)
    folder.mkdir(exist_ok=True)
    write_poses(poses, folder / POSES_FILE)
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
