"""What a hand-eye calibration found, for a person."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from lab_calibration.hand_eye.calibration import Calibration
from lab_calibration.hand_eye.error_map import ErrorMap, WorkArea, error_map

_MORE = (4, 8, 16)


def report(found: Calibration, errors: ErrorMap, area: WorkArea, console: Console) -> None:
    """Print the error at the parts, its map, how the poses agree, the bad ones, and what more would give."""
    fit, at = found.fit, errors.worst
    console.print(
        f"error to expect at the parts, with 95 %: {1e3 * errors.position[at]:.2f} mm and"
        f" {np.degrees(errors.angle.max()):.2f}° at worst,"
        f" {1e3 * np.median(errors.position):.2f} mm in the median",
        style="bold",
        highlight=False,
    )
    residual = 1e3 * np.sqrt(np.mean(np.sum(fit.errors[:, :3] ** 2, axis=1)))
    console.print(
        f"{len(found.poses)} poses: each lies {1e3 * found.held_out_position:.2f} mm and"
        f" {np.degrees(found.held_out_angle):.3f}° from where the others have it (residual of the fit"
        f" {residual:.2f} mm, which says less)",
        highlight=False,
    )
    if len(found.offsets):
        words = ", ".join(f"{np.degrees(offset):+.2f}°" for offset in found.offsets)
        words = f"the joints are off by {words}; the camera's pose makes up for it where it can"
        console.print(words, highlight=False)
    for bad in found.bad:
        console.print(f"left out: {bad}", style="yellow", highlight=False)
    later = [f"{1e3 * error_map(found, area, more).position[at]:.2f} mm with {more} more" for more in _MORE]
    console.print("poses like these would give " + ", ".join(later), highlight=False)
    console.print(_map(errors))


def _map(errors: ErrorMap) -> Table:
    """The error over the lowest layer of the work area."""
    points = errors.points.round(3)
    layer = points[:, 2] == points[:, 2].min()
    table = Table(title=f"error at z = {points[layer][0, 2]:.2f} m, mm, with 95 %")
    table.add_column("x \\ y, m")
    columns = np.unique(points[layer][:, 1])
    for y in columns:
        table.add_column(f"{y:.2f}", justify="right")
    for x in np.unique(points[layer][:, 0]):
        row = []
        for y in columns:
            here = layer & (points[:, 0] == x) & (points[:, 1] == y)
            row.append(f"{1e3 * errors.position[here][0]:.2f}" if here.any() else "-")
        table.add_row(f"{x:.2f}", *row)
    return table
