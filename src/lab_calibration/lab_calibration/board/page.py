"""The page to print: the board in its true size, with rulers to check the print by."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lab_calibration.board.board import DICTIONARY, Board
from lab_calibration.errors import WrongBoard

PAGES = {"a4": (0.210, 0.297), "a3": (0.297, 0.420), "letter": (0.2159, 0.2794)}
_MARGIN = 0.008
_RULER = 0.1
_INCH = 0.0254


def write_page(board: Board, path: Path, page: str = "a4") -> None:
    """Write a PDF or SVG of the board in its true size.

    Raises WrongBoard for a board that does not fit on the page, or a file of another kind.
    """
    width, height = PAGES[page]
    if path.suffix not in (".pdf", ".svg"):
        raise WrongBoard(f"{path}: expected a name that ends in .pdf or .svg, which keep the true size")
    left, bottom = 0.5 * (width - board.width), 0.5 * (height - board.height) + 0.004
    if min(left, bottom) < _MARGIN:
        raise WrongBoard(
            f"a board of {1e3 * board.width:.0f} x {1e3 * board.height:.0f} mm does not fit on {page}: take a"
            " larger page or smaller squares"
        )
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / _INCH, height / _INCH))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width)
    axes.set_ylim(0.0, height)
    axes.set_axis_off()
    for x, y, w, h in _black(board):
        axes.add_patch(_rectangle(left + x, bottom + board.height - y - h, w, h))
    _ruler(axes, 0.5 * (width - _RULER), 0.5 * bottom)
    axes.text(
        0.5 * width,
        bottom + board.height + 0.35 * bottom,
        f"{board}, {DICTIONARY}. Print at 100 %, glue it on a flat plate, and measure: the ruler has 100 mm.",
        ha="center",
        va="center",
        fontsize=6.5,
    )
    canvas = FigureCanvasPdf(figure) if path.suffix == ".pdf" else FigureCanvasSVG(figure)
    canvas.print_figure(path)


def _rectangle(x: float, y: float, width: float, height: float):  # type: ignore[no-untyped-def]
    from matplotlib.patches import Rectangle

    return Rectangle(
        (x, y), width, height, facecolor="black", edgecolor="none", linewidth=0.0, antialiased=False
    )


def _ruler(axes, x: float, y: float) -> None:  # type: ignore[no-untyped-def]
    axes.plot([x, x + _RULER], [y, y], color="black", linewidth=0.4)
    for millimetre in range(0, 101):
        length = 0.004 if millimetre % 10 == 0 else 0.0025 if millimetre % 5 == 0 else 0.0015
        at = x + 1e-3 * millimetre
        axes.plot([at, at], [y, y + length], color="black", linewidth=0.25)
        if millimetre % 10 == 0:
            axes.text(at, y - 0.001, f"{millimetre}", ha="center", va="top", fontsize=5)


def _black(board: Board) -> list[tuple[float, float, float, float]]:
    """Black rectangles x, y (down from the upper left corner), width and height, metres.

    Read from a picture of the board whose pixels are the bits of its markers.
    """
    bits = int(DICTIONARY[0]) + 2
    cell = board.marker / bits
    inset = 0.5 * (board.square - board.marker)
    fine = 40 * bits
    picture = board.picture(fine) < 128
    found = []
    for row in range(board.rows):
        for column in range(board.columns):
            square = picture[row * fine : (row + 1) * fine, column * fine : (column + 1) * fine]
            x, y = column * board.square, row * board.square
            if square[2, 2]:
                found.append((x, y, board.square, board.square))
                continue
            for i in range(bits):
                centre = (inset + (np.arange(bits) + 0.5) * cell) / board.square * fine
                dark = [bool(square[int(centre[i]), int(at)]) for at in centre]
                start = 0
                while start < bits:  # neighbours make one rectangle, so that no hair line parts them
                    end = start
                    while end < bits and dark[end]:
                        end += 1
                    if end > start:
                        found.append(
                            (x + inset + start * cell, y + inset + i * cell, (end - start) * cell, cell)
                        )
                    start = end + 1
    return found
