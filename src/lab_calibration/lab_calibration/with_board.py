"""A cell with the board in its hand: for the planner, which keeps the plate clear, and for the simulator;
and scenes with the board on the table, for the simulator.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from lab_calibration.board.board import Board
from lab_calibration.errors import CalibrationError
from lab_calibration.hand_eye.candidates import board_in_hand
from lab_core.geometry import FloatArray, invert, transform_from_xyz_rpy
from lab_description import Cell, load_cell
from lab_description.schema import read_yaml
from lab_description.stored_pairs import SAMPLES_ON_THE_SPOT, store

LINK = "calibration_board"
MARGIN = 0.2
"""White paper around the squares, in squares."""
_THICKNESS, _MASS = 0.004, 0.15
_PER_SQUARE = 80


def write_cell_with_board(cell: Cell, board: Board, folder: Path) -> tuple[Path, Path]:
    """Write cells/NAME.yaml, its gripper and scenes/board.yaml into a folder; the paths of cell and scene.

    Raises CalibrationError when the folder cannot be written.
    """
    content, gripper = _mapping(cell, "cell"), _mapping(cell, "gripper")
    model = f"{content['gripper']['model']}_with_board"
    content["gripper"]["model"] = model
    gripper_from_board = invert(cell.tool_from_gripper) @ board_in_hand(cell, board)
    size = [*plate_size(board), _THICKNESS]
    behind = {"xyz": [0.0, 0.0, 0.5 * _THICKNESS]}
    inertia = [float(_MASS * (size[1] ** 2) / 12.0), float(_MASS * (size[0] ** 2) / 12.0)]
    gripper["links"][LINK] = {
        "colour": [0.92, 0.92, 0.92],
        "inertial": {"mass": _MASS, **behind, "inertia": [*inertia, sum(inertia), 0.0, 0.0, 0.0]},
        "collision": [{"box": size, **behind}],
    }
    gripper["joints"][f"{LINK}_joint"] = {
        "parent": gripper["base_link"],
        "child": LINK,
        **_pose(gripper_from_board),
    }
    if "hand" in gripper:
        gripper["hand"][LINK] = [LINK]
    _write(folder, {f"cells/{cell.name}.yaml": content, f"grippers/{model}.yaml": gripper})
    scene = _write_scene(folder, board, 0, {"link": LINK})
    file = folder / f"cells/{cell.name}.yaml"
    store(load_cell(file), 0, SAMPLES_ON_THE_SPOT)  # once, not in every node at every start
    return file, scene


def write_scene_with_board(
    cell: Cell, board: Board, at: tuple[float, float], yaw: float, folder: Path
) -> Path:
    """Write scenes/board.yaml, scattered parts beside a board that lies on the cell's table; its path.

    at: of the board's middle in base_link, metres. yaw: of its x axis about z, radians. Raises
    CalibrationError when no table lies there, or the folder cannot be written.
    """
    for box in cell.furniture:
        top = box.base_from_box[2, 3] + 0.5 * box.size[2]
        x, y = (at - box.base_from_box[:2, 3]).tolist()
        if abs(top - cell.table_height) < 0.005 and abs(x) < 0.5 * box.size[0] and abs(y) < 0.5 * box.size[1]:
            xyz = [*(float(value) for value in at), float(top)]
            # x to the right of the picture, y down, z into the paper
            return _write_scene(
                folder, board, 8, {"link": box.link, "xyz": xyz, "rpy": [float(np.pi), 0.0, float(yaw)]}
            )
    raise CalibrationError(
        f"nothing of {cell.files['cell']} has its top at the table's height under x {at[0]:g}, y {at[1]:g}:"
        " lay the board on the table (metres in base_link)"
    )


def _write_scene(folder: Path, board: Board, parts: int, where: dict[str, Any]) -> Path:
    size = list(plate_size(board))
    printed = {**where, "picture": "board.png", "size": size}
    _write(folder, {"scenes/board.yaml": {"arrangement": "scattered", "parts": parts, "prints": [printed]}})
    cv2.imwrite(str(folder / "scenes/board.png"), _sheet(board))
    return folder / "scenes/board.yaml"


def _write(folder: Path, files: dict[str, Any]) -> None:
    try:
        for name, one in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(one, sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise CalibrationError(f"{folder}: cannot be written: {error.strerror}") from error


def plate_size(board: Board) -> tuple[float, float]:
    """Width and height of the plate, metres."""
    margin = 2.0 * MARGIN * board.square
    return board.width + margin, board.height + margin


def _mapping(cell: Cell, key: str) -> dict[str, Any]:
    content = read_yaml(cell.files[key])
    assert isinstance(content, dict)
    return content


def _pose(transform: FloatArray) -> dict[str, list[float]]:
    rpy = Rotation.from_matrix(transform[:3, :3]).as_euler("xyz")
    assert np.allclose(transform_from_xyz_rpy(transform[:3, 3], rpy), transform, atol=1e-9)
    return {"xyz": [float(value) for value in transform[:3, 3]], "rpy": [float(value) for value in rpy]}


def _sheet(board: Board) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.pad(board.picture(_PER_SQUARE), round(MARGIN * _PER_SQUARE), constant_values=255)
