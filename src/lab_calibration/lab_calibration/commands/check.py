"""`lab calibrate check`: whether the camera still stands where it stood at its calibration."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date

import numpy as np

from lab_calibration.board.board import Board
from lab_calibration.cell_file import POSES_FILE
from lab_calibration.commands.hand_eye import expected
from lab_calibration.commands.landmark import sights
from lab_calibration.commands.options import add_board, add_rig, board_of
from lab_calibration.errors import CalibrationError, PosesRefused
from lab_calibration.hand_eye.checks import CHECKS_FILE, Checks
from lab_calibration.hand_eye.error_map import WorkArea, work_area
from lab_calibration.hand_eye.files import read_poses
from lab_calibration.hand_eye.moved import Move, move_between
from lab_calibration.hand_eye.next_view import WOBBLE
from lab_calibration.hand_eye.poses import Poses
from lab_calibration.kinematics import Arm
from lab_calibration.landmark import LANDMARK_FILE, middle_of, moved, read_landmark
from lab_calibration.procedure import revisit
from lab_calibration.rigid import difference
from lab_core.command_line import file_path
from lab_description import Cell, load_cell

_SAME = 0.003
"""Metres and radians within which a pose is the same again."""


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when the camera stands, 3 when it moved."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate check",
        description="Compare sights of the board with those of the calibration, at the same poses of the arm,"
        " and say by how much the camera moved. Exit code 3 when it did.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    words = "sights of today, a pose file of ours; without it the arm of the running cell shows the board"
    parser.add_argument("--poses", type=file_path, metavar="FILE", help=words)
    words = "look at the landmark of the running cell (`lab calibrate landmark`): the arm does not move"
    parser.add_argument("--landmark", action="store_true", help=words)
    parser.add_argument("--count", type=int, default=3, metavar="N", help="poses that the arm shows again; 3")
    parser.add_argument("--plot", type=file_path, metavar="FILE.png", help="plot all checks so far")
    add_rig(parser)
    add_board(parser)
    options = parser.parse_args(argv)
    board, cell = board_of(options, parser), load_cell(options.cell)
    if options.count < 1:
        parser.error(f"--count {options.count}: expected 1 or more")
    if options.landmark:
        move = look_at_landmark(cell, options.namespace)
    else:
        now = read_poses(options.poses) if options.poses else show_again(cell, board, options)
        move = check(cell, now)
    checks = Checks(cell.calibration_folder / CHECKS_FILE)
    checks.add(date.today(), move)
    print(f"{move}; {checks.trend()}")
    if options.plot:
        checks.plot(options.plot)
        print(f"plotted in {options.plot}")
    return 3 if move.is_moved else 0


def show_again(cell: Cell, board: Board, options: argparse.Namespace) -> Poses:
    """Let the arm of the running cell show the board at poses of the calibration. Raises CalibrationError."""
    from lab_calibration.ros_rig import RosRig  # loads ROS, which a file of poses does not need

    then = evidence(cell)
    if then.joints is None:
        raise PosesRefused("the calibration knows no joints to go to: give today's sights by --poses")
    with RosRig(cell, options.namespace) as rig:
        return revisit(expected(cell, board), rig, then, options.count, print)


def look_at_landmark(cell: Cell, namespace: str) -> Move:
    """How far the camera of the running cell moved since its landmark was remembered. Raises LabError."""
    known = read_landmark(cell.calibration_folder)
    if known is None:
        raise PosesRefused(
            f"{cell.calibration_folder / LANDMARK_FILE}: is not there: remember one first"
            " (`lab calibrate landmark`)"
        )
    _, corners = sights(known.pattern, namespace)
    return moved(known, middle_of(corners), cell)


def evidence(cell: Cell) -> Poses:
    """The poses of a cell's calibration. Raises PosesRefused when there are none."""
    file = cell.calibration_folder / POSES_FILE
    if not file.is_file():
        raise PosesRefused(f"{file}: is not there: calibrate the camera first (`lab calibrate hand_eye`)")
    return read_poses(file)


def check(cell: Cell, now: Poses) -> Move:
    """How far the camera moved since the calibration whose evidence lies beside the cell's file.

    Raises PosesRefused when there is none, or none of the poses is one of the calibration's.
    """
    then = evidence(cell)
    if then.information is None or now.information is None:
        raise PosesRefused("a check needs sights with what the pictures tell of them: use pose files of ours")
    first, second = _pairs(then, now)
    arm = Arm.of(cell)
    area = work_area(cell, arm)
    if then.setup != "fixed":
        area = WorkArea(area.points, area.grasps, then.base_from_flange[first[0]])
    return move_between(then.only(first), now.only(second), cell.camera.base_from_camera, area, WOBBLE, arm)


def _pairs(then: Poses, now: Poses) -> tuple[list[int], list[int]]:
    """Poses of the calibration, and the sights of today at the same ones."""
    first, second = [], []
    for index, pose in enumerate(now.base_from_flange):
        away = np.abs(difference(then.base_from_flange, pose)).max(axis=1)
        if away.min() <= _SAME:
            first.append(int(np.argmin(away)))
            second.append(index)
    if not first:
        raise CalibrationError(
            "the arm stands at no pose of the calibration: show the board at two or three of the same poses"
        )
    return first, second
