"""`lab calibrate camera`: intrinsics from pictures, and whether the driver's own are good enough."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_calibration.board.detection import Corners, find_corners
from lab_calibration.board.intrinsics import FEWEST, Intrinsics, calibrate_camera
from lab_calibration.board.selection import Selection
from lab_calibration.commands.options import add_board, add_namespace, board_of, read_picture
from lab_calibration.errors import BoardNotFound, CalibrationError
from lab_calibration.procedure import take_pictures
from lab_core.command_line import file_path
from lab_core.geometry import PinholeCamera
from lab_description import Cell, load_cell

MOST = 60
_COUNT = 20
_PICTURES = (".png", ".jpg", ".jpeg")


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate camera",
        description="Find the intrinsics of a camera from pictures of the board, and say whether those that"
        " the cell has are good enough: take the pictures from the running cell while a person moves the"
        " board, or read a folder. The cell's file is left as it is.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    words = "folder with 10 or more pictures of the board; without it they are taken from the running cell"
    parser.add_argument("--images", type=file_path, metavar="FOLDER", help=words)
    parser.add_argument("--count", type=int, metavar="N", help=f"pictures to take; {_COUNT}")
    parser.add_argument("--keep", type=file_path, metavar="FOLDER", help="write the pictures taken there")
    add_namespace(parser)
    add_board(parser)
    options = parser.parse_args(argv)
    if options.images is not None and (options.count is not None or options.keep is not None):
        parser.error("--count and --keep are for pictures that are taken: leave them or --images out")
    count = _COUNT if options.count is None else options.count
    if not FEWEST <= count <= MOST:
        parser.error(f"--count {count}: expected {FEWEST} to {MOST}")
    board, cell = board_of(options, parser), load_cell(options.cell)
    if options.images is not None:
        sights, size = read(options.images, board)
    else:
        sights, size = take(cell, board, count, options.keep, options.namespace)
    pinhole = cell.camera.pinhole
    fits = (pinhole.width, pinhole.height) == size
    found = calibrate_camera(sights, board, size, (pinhole, None) if fits else None)
    print(verdict(found, fits))
    return 0


def read(folder: Path, board: Board) -> tuple[list[Corners], tuple[int, int]]:
    """What the pictures of a folder show, and their width and height. Raises BoardNotFound."""
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in _PICTURES)
    if not files:
        raise BoardNotFound(f"{folder}: holds no pictures, expected PNG or JPEG")
    sights, size = [], None
    for file in files:
        picture = read_picture(file)
        if size not in (None, picture.shape):
            raise BoardNotFound(f"{file}: is of another size than the others: take all with one camera")
        size = picture.shape
        try:
            sights.append(find_corners(picture, board))
        except CalibrationError as error:
            print(f"{file.name}: left out: {error}")
    assert size is not None
    return sights, (size[1], size[0])


def take(
    cell: Cell, board: Board, count: int, folder: Path | None, namespace: str
) -> tuple[list[Corners], tuple[int, int]]:
    """Take pictures from the running cell while a person moves the board.

    folder: where they are written as they come, nowhere if None. Raises CalibrationError, UnavailableError.
    """
    from lab_calibration.ros_rig import RosCamera  # loads ROS, which a folder of pictures does not need

    if folder is not None:
        make_empty(folder)
    written = 0

    def write(picture: npt.NDArray[np.uint8]) -> None:
        nonlocal written
        if folder is None:
            return
        file = folder / f"picture_{written + 1:02}.png"
        if not cv2.imwrite(str(file), picture[..., ::-1]):
            raise CalibrationError(f"{file}: cannot be written: is the disk full?")
        written += 1

    try:
        with RosCamera(namespace) as eye:
            height, width = eye.next_picture().shape[:2]
            selection = Selection(board, _resized(cell.camera.pinhole, width, height), count)
            print(
                "Hold the board still before the camera, then elsewhere: in each corner of the picture, near"
                f" and far, each of its edges nearer in turn. Pictures wanted: {count}."
            )
            take_pictures(selection, eye, write, print)
    finally:
        if written:  # also after Ctrl-C: a person need not hold the board again
            print(f"{written} pictures lie in {folder}: `--images {folder}` reads them")
    return selection.sights, (width, height)


def make_empty(folder: Path) -> None:
    """Make a folder, or see that it is empty. Raises CalibrationError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CalibrationError(f"{folder}: is not empty: name a new folder")
    except OSError as error:
        raise CalibrationError(f"{folder}: cannot be written: {error.strerror}: name a new folder") from error


def _resized(camera: PinholeCamera, width: int, height: int) -> PinholeCamera:
    """As well as it is known of pictures of another size: views are only compared by it."""
    if (camera.width, camera.height) == (width, height):
        return camera
    focal = camera.fx * width / camera.width
    return PinholeCamera(width, height, focal, focal, 0.5 * (width - 1), 0.5 * (height - 1))


def verdict(found: Intrinsics, fits: bool) -> str:
    """What was found, and what to do."""
    camera = found.camera
    values = f"fx: {camera.fx:.2f}, fy: {camera.fy:.2f}, cx: {camera.cx:.2f}, cy: {camera.cy:.2f}"
    lines = [
        f"{found.pictures} pictures: {values}, distortion {found.distortion.round(5).tolist()}",
        f"corners of pictures that were held out lie {found.error:.3f} px off",
    ]
    if not fits:
        lines.append("the pictures have another size than the cell's camera: nothing to compare with")
    elif found.driver_is_good:
        lines.append(f"the cell's own lie {found.drivers_error:.3f} px off: they are good enough")
    else:
        lines.append(
            f"the cell's own lie {found.drivers_error:.3f} px off: write the values above as `intrinsics` in"
            " the camera's YAML, and let the driver publish rectified images where the distortion is not 0"
        )
    return "\n".join(lines)
