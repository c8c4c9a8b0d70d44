"""`lab calibrate camera`: intrinsics from pictures, and whether the driver's own are good enough."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lab_calibration.board.detection import find_corners
from lab_calibration.board.intrinsics import Intrinsics, calibrate_camera
from lab_calibration.commands.options import add_board, board_of, read_picture
from lab_calibration.errors import BoardNotFound, CalibrationError
from lab_core.command_line import file_path
from lab_description import load_cell

_PICTURES = (".png", ".jpg", ".jpeg")


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate camera",
        description="Find the intrinsics of a camera from pictures of the board, and say whether those that"
        " the cell has are good enough. Nothing is written.",
    )
    parser.add_argument("cell", help="name in config/cells or path of a YAML")
    parser.add_argument(
        "--images", type=file_path, required=True, help="folder with 10 or more pictures of the board"
    )
    add_board(parser)
    options = parser.parse_args(argv)
    board, cell = board_of(options, parser), load_cell(options.cell)
    files = sorted(file for file in options.images.glob("*") if file.suffix.lower() in _PICTURES)
    if not files:
        raise BoardNotFound(f"{options.images}: holds no pictures, expected PNG or JPEG")
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
    pinhole = cell.camera.pinhole
    fits = (pinhole.width, pinhole.height) == (size[1], size[0])
    found = calibrate_camera(sights, board, (size[1], size[0]), (pinhole, None) if fits else None)
    print(verdict(found, fits))
    return 0


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
