"""The files of the cell: whether they can be read, and whether what they say can be true."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lab_calibration.standing import doubts
from lab_core.geometry import FloatArray, invert, transform_points
from lab_description import Cell
from lab_doctor.finding import Finding
from lab_doctor.snapshot import Snapshot

# A camera's image cuts a corner of the work area by no more than this, pixels.
SLACK = 2.0


def check_configuration(snapshot: Snapshot) -> Iterator[Finding]:
    """Cell, node parameters, task policies, stored pairs, calibration."""
    configuration = snapshot.configuration
    for sentence in configuration.errors:
        yield Finding("parameters", sentence, "correct the file that the sentence names")
    cell = configuration.cell
    if cell is None:
        yield Finding("cell", configuration.cell_error, "correct the file that the sentence names")
        return
    if not configuration.stored_pairs:
        yield Finding(
            "collision-matrix",
            f"the stored collision pairs of {cell.name} are not of its geometry as it is now",
            f"python -m lab_description.collision_matrix {cell.files['cell']}",
        )
    yield from _camera(cell)
    yield from _reach(cell)
    yield from _calibration(cell, snapshot)


def _camera(cell: Cell) -> Iterator[Finding]:
    lower, upper = cell.workspace.lower, cell.workspace.upper
    corners = np.array(
        [[x, y, cell.table_height] for x in (lower[0], upper[0]) for y in (lower[1], upper[1])]
    )
    seen = transform_points(invert(cell.camera.base_from_camera), corners)
    pixels = cell.camera.pinhole.project(seen)
    size = np.array([cell.camera.pinhole.width, cell.camera.pinhole.height])
    inside = (seen[:, 2] > 0.0) & ((pixels > -SLACK) & (pixels < size + SLACK)).all(axis=1)
    file = cell.files["cell"]
    if not inside.all():
        yield Finding(
            "camera-view",
            f"{file}: the camera sees {int(inside.sum())} of the 4 corners of the workspace",
            "correct camera.pose, or make the workspace smaller",
        )
        return
    nearest, farthest = float(seen[:, 2].min()), float(seen[:, 2].max())
    if nearest - (upper[2] - cell.table_height) < cell.camera.near or farthest > cell.camera.far:
        yield Finding(
            "camera-range",
            f"{file}: parts may be {nearest - upper[2] + cell.table_height:.2f} to {farthest:.2f} m from the"
            f" camera, it measures {cell.camera.near:.2f} to {cell.camera.far:.2f} m",
            "move the camera, or correct near and far in its file",
        )


def _reach(cell: Cell) -> Iterator[Finding]:
    robot = cell.robot
    pivot = robot.forward(dict.fromkeys(robot.joint_names, 0.0))[robot.joints[robot.joint_names[0]].child][0][
        :3, 3
    ]
    # An arm reaches no further than all its links laid in one line, the hand pointing down at the end of it.
    reach = sum(float(np.linalg.norm(robot.joints[name].xyz)) for name in robot.joint_names[1:])
    hand = float(np.linalg.norm(cell.tool_from_tcp[:3, 3]))
    file = cell.files["cell"]
    lower, upper = cell.workspace.lower, cell.workspace.upper
    corners = [
        np.array([x, y, cell.table_height]) for x in (lower[0], upper[0]) for y in (lower[1], upper[1])
    ]
    places: dict[str, FloatArray] = {
        "a corner of the workspace": max(corners, key=lambda corner: float(np.linalg.norm(corner - pivot)))
    }
    places |= {f"destination {name}": np.array(item.xyz) for name, item in cell.destinations.items()}
    for what, place in places.items():
        distance = float(np.linalg.norm(place - pivot))
        if distance > reach + hand:
            yield Finding(
                "reach",
                f"{file}: {what} is {distance:.2f} m from the shoulder, the arm with its hand reaches"
                f" {reach + hand:.2f} m",
                "move it nearer, or correct its place in the file",
            )


def _calibration(cell: Cell, snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.real:
        for doubt in doubts(cell, snapshot.machine.now):
            yield Finding(f"calibration-{doubt.kind}", doubt.sentence, doubt.fix)
