"""`lab calibrate landmark`: remember where the camera sees a board that stands in the cell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date

import cv2
import numpy as np
import numpy.typing as npt
from rich.progress import track

from lab_calibration.board.board import Board
from lab_calibration.board.detection import Corners, find_corners
from lab_calibration.commands.options import add_board, add_namespace, board_of
from lab_calibration.errors import CalibrationRefused
from lab_calibration.landmark import LANDMARK_FILE, LOOKS, remember, write_landmark
from lab_description import load_cell

PICTURE = "landmark.jpg"


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate landmark",
        description="Remember where the camera of the running cell sees a board that stands in it for good,"
        " on the table beside the work area. Each start of the cell then checks whether the camera still"
        " stands, and `lab calibrate check --landmark` does. The arm does not move.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    parser.add_argument("--forget", action="store_true", help="check by it no more")
    add_namespace(parser)
    add_board(parser)
    options = parser.parse_args(argv)
    board, cell = board_of(options, parser), load_cell(options.cell)
    if options.forget:
        (cell.calibration_folder / LANDMARK_FILE).unlink(missing_ok=True)
        print(f"{cell.name}: no landmark")
        return 0
    if cell.camera.calibrated is None:
        raise CalibrationRefused(
            f"{cell.files['cell']}: camera.calibrated is not set: a landmark tells whether the camera still"
            " stands where it was calibrated; calibrate it first (`lab calibrate hand_eye`)"
        )
    images, corners = sights(board, options.namespace)
    landmark = remember(board, corners, date.today())
    cell.calibration_folder.mkdir(exist_ok=True)
    file = write_landmark(landmark, cell.calibration_folder)
    cv2.imwrite(str(file.with_name(PICTURE)), images[-1][..., ::-1])
    print(f"{len(landmark.corners)} of {len(board.corners)} corners are remembered in {file}")
    return 0


def sights(board: Board, namespace: str) -> tuple[list[npt.NDArray[np.uint8]], list[Corners]]:
    """Pictures (H, W, 3) of the running cell's camera, and the board in each. Raises LabError."""
    from lab_calibration.ros_rig import RosCamera  # loads ROS: a landmark that is forgotten needs none

    with RosCamera(namespace) as camera:
        images = [camera.next_picture() for _ in track(range(LOOKS), "looking", transient=True)]
    return images, [find_corners(image, board) for image in images]
