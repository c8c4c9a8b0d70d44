"""Tactile pads: messages to samples and back."""

from __future__ import annotations

import array

import numpy as np
from geometry_msgs.msg import Point, Vector3, Wrench
from lab_interfaces.msg import TactilePad
from rclpy.time import Time
from std_msgs.msg import Header

from lab_core.geometry import FloatArray
from lab_core.touch import InvalidPadSample, PadGrid, PadSample, Taxels

LARGEST = 100_000
"""Taxels of one pad: more is no pad, and is not read."""


def pad_message(sample: PadSample) -> TactilePad:
    """The sample as a message."""
    shear = sample.shear
    x, z = sample.centroid if sample.area > 0.0 else (0.0, 0.0)
    return TactilePad(
        header=Header(stamp=Time(nanoseconds=sample.stamp).to_msg(), frame_id=sample.frame),
        rows=sample.grid.rows,
        columns=sample.grid.columns,
        row_pitch=sample.grid.row_pitch,
        column_pitch=sample.grid.column_pitch,
        normal=_singles(sample.normal),
        shear_x=_singles(shear[..., 0]) if shear is not None else [],
        shear_z=_singles(shear[..., 1]) if shear is not None else [],
        wrench=Wrench(force=_vector(sample.force), torque=_vector(sample.torque)),
        centroid=Point(x=float(x), y=0.0, z=float(z)),
        area=sample.area,
    )


def pad_from_message(message: TactilePad) -> PadSample:
    """The sample of a message.

    Raises InvalidPadSample for a grid of the wrong size and for numbers that are not finite.
    """
    rows, columns, frame = int(message.rows), int(message.columns), message.header.frame_id
    if rows * columns > LARGEST:
        raise InvalidPadSample(f"{frame}: {rows} × {columns} taxels: more than {LARGEST} are no pad")
    grid = PadGrid(rows, columns, float(message.row_pitch), float(message.column_pitch))
    shear: Taxels | None = None
    if len(message.shear_x) or len(message.shear_z):
        along = [_taxels(values, grid, frame) for values in (message.shear_x, message.shear_z)]
        shear = np.stack(along, axis=-1)
    force, torque = message.wrench.force, message.wrench.torque
    return PadSample(
        stamp=Time.from_msg(message.header.stamp).nanoseconds,
        frame=frame,
        grid=grid,
        normal=_taxels(message.normal, grid, frame),
        shear=shear,
        force=np.array([force.x, force.y, force.z]),
        torque=np.array([torque.x, torque.y, torque.z]),
        centroid=np.array([message.centroid.x, message.centroid.z])
        if message.area > 0.0
        else np.full(2, np.nan),
        area=float(message.area),
    )


def _taxels(values: object, grid: PadGrid, frame: str) -> Taxels:
    array = np.asarray(values, dtype=np.float64)
    if array.size != grid.taxels:
        raise InvalidPadSample(
            f"{frame}: {array.size} taxels, expected {grid.rows} rows × {grid.columns} columns"
        )
    return array.reshape(grid.rows, grid.columns)


def _singles(values: Taxels) -> array.array[float]:
    """What a float32[] field takes without looking at every element."""
    return array.array("f", np.ascontiguousarray(values, np.float32).ravel().data)


def _vector(values: FloatArray) -> Vector3:
    return Vector3(x=float(values[0]), y=float(values[1]), z=float(values[2]))
