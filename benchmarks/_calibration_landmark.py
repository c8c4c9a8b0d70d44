"""Cameras that stand and cameras that were knocked, told by the landmark on the table."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from _calibration_tables import share
from lab_calibration.board.board import Board
from lab_calibration.board.detection import Corners, find_corners
from lab_calibration.errors import CalibrationError
from lab_calibration.landmark import LOOKS, Landmark, middle_of, moved, remember
from lab_calibration.simulated.pictures import Flaws, picture
from lab_core.geometry import FloatArray, invert, make_transform, matrix_from_rpy
from lab_description import Cell
from lab_simulation.look.cell_view import calibration_error

BOARD = Board(7, 3, 0.025, 0.019)
# beside the work area of the UR5e's cell, along the edge of its table, face up
BASE_FROM_BOARD = make_transform(matrix_from_rpy((np.pi, 0.0, np.pi / 2)), (0.755, 0.0, 0.0))
DISTANCES = (0.0, 0.002, 0.003, 0.006, 0.010)
"""By which the worst corner of the work area seems to move, metres."""
LIGHTS = {"free": Flaws(glare=0.0, hidden=0.0), "glare and covered": Flaws()}


def measure_landmark(cell: Cell, rounds: int, first: int, console: Console) -> list[dict[str, Any]]:
    """A row for each light and distance: how many are called moved, and what is said of how far."""
    rows = []
    for light, flaws in LIGHTS.items():
        for distance in DISTANCES:
            called, holds, said, unseen = [], [], [], 0
            what = f"landmark, {light}, {1e3 * distance:.0f} mm"
            for seed in track(range(first, first + rounds), what, console=console, transient=True):
                random = np.random.default_rng([seed, 0x1A])
                landmark = _remembered(cell, random)
                move = calibration_error(cell, seed, distance)
                try:
                    now = moved(landmark, middle_of(_looks(cell, move, flaws, random)), cell)
                except CalibrationError:
                    unseen += 1
                    continue
                called.append(now.is_moved)
                holds.append(now.lower <= distance <= now.upper)
                said.append(now.distance)
            rows.append(
                {
                    "light": light,
                    "distance_mm": 1e3 * distance,
                    "called_moved": share(called),
                    "interval_holds": share(holds),
                    "said_mm": [float(1e3 * np.percentile(said, at)) for at in (5, 50, 95)],
                    "not_seen": unseen,
                }
            )
    return rows


def _remembered(cell: Cell, random: np.random.Generator) -> Landmark:
    return remember(BOARD, _looks(cell, np.eye(4), LIGHTS["free"], random), date(2026, 1, 1))


def _looks(cell: Cell, move: FloatArray, flaws: Flaws, random: np.random.Generator) -> list[Corners]:
    pose = invert(cell.camera.base_from_camera @ move) @ BASE_FROM_BOARD
    pinhole = cell.camera.pinhole
    return [find_corners(picture(BOARD, pose, pinhole, random, flaws), BOARD) for _ in range(LOOKS)]
