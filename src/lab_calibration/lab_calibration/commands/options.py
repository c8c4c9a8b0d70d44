"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from lab_calibration.board.board import Board
from lab_calibration.errors import BoardNotFound

_DEFAULT = Board()


def add_board(parser: argparse.ArgumentParser) -> None:
    """--squares, --square and --marker."""
    parser.add_argument(
        "--squares",
        default=f"{_DEFAULT.columns}x{_DEFAULT.rows}",
        metavar="CxR",
        help=f"columns and rows of the board; {_DEFAULT.columns}x{_DEFAULT.rows}",
    )
    for name, value in (("square", _DEFAULT.square), ("marker", _DEFAULT.marker)):
        words = f"edge of a {name} as it was measured on the print, metres; {value:g}"
        parser.add_argument(f"--{name}", type=float, default=value, metavar="M", help=words)


def add_rig(parser: argparse.ArgumentParser) -> None:
    """--namespace and --seed."""
    add_namespace(parser)
    parser.add_argument("--seed", type=int, default=0, help="of the poses among which is chosen; 0")


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """--namespace."""
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the running cell; none")


def board_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Board:
    """The board that the options name. Ends the program on wrong usage; raises WrongBoard."""
    columns, _, rows = options.squares.partition("x")
    if not (columns.isdecimal() and rows.isdecimal()):
        parser.error(f"--squares {options.squares}: expected columns and rows, such as 5x7")
    return Board(int(columns), int(rows), options.square, options.marker)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """A picture in grey. Raises BoardNotFound where the file holds none."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise BoardNotFound(f"{path}: is no picture that OpenCV reads: expected PNG or JPEG")
    return np.asarray(image, dtype=np.uint8)
