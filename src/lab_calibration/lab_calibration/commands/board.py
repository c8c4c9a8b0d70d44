"""`lab calibrate board`: the page to print."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from lab_calibration.board.page import PAGES, write_page
from lab_calibration.commands.options import add_board, board_of
from lab_calibration.with_board import plate_size, write_cell_with_board, write_scene_with_board
from lab_core.command_line import file_path
from lab_description import load_cell


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate board", description="Write the board as a page to print in its true size."
    )
    parser.add_argument("--out", type=file_path, default=Path("board.pdf"), help="a .pdf or .svg; board.pdf")
    parser.add_argument("--page", choices=sorted(PAGES), default="a4")
    words = (
        "also write this cell with the board in its hand, into --folder: for the planner and the simulator"
    )
    parser.add_argument("--in-hand", metavar="CELL", help=words)
    words = "also write a scene of this cell with the board on the table, into --folder: for the simulator"
    parser.add_argument("--on-table", metavar="CELL", help=words)
    parser.add_argument(
        "--at",
        type=float,
        nargs=3,
        metavar=("X", "Y", "YAW"),
        help="the middle of the board on the table, metres in base_link, and its turn, degrees",
    )
    parser.add_argument("--folder", type=file_path, default=Path("cell_with_board"), help="cell_with_board")
    add_board(parser)
    options = parser.parse_args(argv)
    board = board_of(options, parser)
    if (options.on_table is None) != (options.at is None):
        parser.error("--on-table and --at go together")
    cell = load_cell(options.in_hand) if options.in_hand else None
    write_page(board, options.out, options.page)
    print(f"{options.out}: {board}. Print it at 100 %, glue it on a flat plate, measure the ruler: 100 mm.")
    if cell is not None:
        file, scene = write_cell_with_board(cell, board, options.folder)
        width, height = plate_size(board)
        size = f"{1e3 * width:.0f} x {1e3 * height:.0f} mm"
        print(f"The plate is {size}, held by its short edge. Start the cell with it:")
        words = f"cell:={file.resolve()} scene:={scene.resolve()}"
        print(f"  ./lab launch lab_bringup cell.launch.py {words}")
    if options.on_table is not None:
        x, y, yaw = options.at
        scene = write_scene_with_board(
            load_cell(options.on_table), board, (x, y), math.radians(yaw), options.folder
        )
        print(f"Start the simulated cell with it on the table: scene:={scene.resolve()}")
    return 0
