"""`lab calibrate board`: the page to print."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from lab_calibration.board.page import PAGES, write_page
from lab_calibration.commands.options import add_board, board_of


def main(argv: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        prog="lab calibrate board", description="Write the board as a page to print in its true size."
    )
    parser.add_argument("--out", type=Path, default=Path("board.pdf"), help="a .pdf or .svg; board.pdf")
    parser.add_argument("--page", choices=sorted(PAGES), default="a4")
    add_board(parser)
    options = parser.parse_args(argv)
    board = board_of(options, parser)
    write_page(board, options.out, options.page)
    print(f"{options.out}: {board}. Print it at 100 %, glue it on a flat plate, measure the ruler: 100 mm.")
    return 0
