"""What the contract of motion planners asks of a trajectory, and how it measures a cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from lab_core.geometry import FloatArray, rotation_angle
from lab_description import Cell
from lab_motion.errors import NoPath, PlanningCancelled
from lab_motion.planning.port import MotionOptions, Trajectory
from lab_motion.testing.world import ContractWorld, executed

POSITION = 1e-3
ROTATION = np.deg2rad(0.5)
# A controller's encoders and a planner's rounding
TINY = 1e-4


def assert_at(found: FloatArray, wanted: FloatArray) -> None:
    """Within 1 mm and 0.5 degrees."""
    assert np.linalg.norm(found[:3, 3] - wanted[:3, 3]) < POSITION
    assert rotation_angle(found[:3, :3].T @ wanted[:3, :3]) < ROTATION


def assert_trajectory(
    trajectory: Trajectory, cell: Cell, start: FloatArray, speed: float = 1.0, acceleration: float = 1.0
) -> None:
    """At rest at both ends, from the start, within all limits, sampled consistently."""
    time, positions, velocities = trajectory.time, trajectory.positions, trajectory.velocities
    robot = cell.robot
    assert trajectory.names == robot.joint_names
    assert time[0] == 0.0
    assert np.all(np.diff(time) > 0.0)
    assert np.abs(positions[0] - start).max() < TINY
    assert np.abs(velocities[[0, -1]]).max() < TINY
    assert np.all(positions >= robot.position_lower - TINY)
    assert np.all(positions <= robot.position_upper + TINY)
    step = np.diff(time)[:, None]
    assert np.all(np.abs(velocities) <= 1.01 * speed * robot.velocity)
    assert np.all(np.abs(np.diff(positions, axis=0)) / step <= 1.01 * speed * robot.velocity)
    assert np.all(np.abs(np.diff(velocities, axis=0)) / step <= 1.01 * acceleration * robot.acceleration)
    # velocities are those of the positions: the trapezoidal rule leads from each sample to the next
    drift = np.diff(positions, axis=0) - 0.5 * step * (velocities[1:] + velocities[:-1])
    assert np.abs(drift).max() < 2e-3


def assert_straight(
    world: ContractWorld, trajectory: Trajectory, start: FloatArray, goal: FloatArray
) -> None:
    """Every pose within 1 mm and 0.5 degrees of the straight motion; for motions that do not turn."""
    line = goal[:3, 3] - start[:3, 3]
    along = line / np.linalg.norm(line)
    for positions in executed(trajectory, 0.005):
        pose = world.forward(positions)
        offset = pose[:3, 3] - start[:3, 3]
        assert np.linalg.norm(offset - (offset @ along) * along) < POSITION
        assert rotation_angle(start[:3, :3].T @ pose[:3, :3]) < ROTATION
    assert_at(world.forward(trajectory.positions[-1]), goal)


def time_to_cancel(plan: Callable[[MotionOptions], object], after: float) -> float:
    """Seconds from the cancel, `after` seconds into planning, to the exception; 0 if planning ended sooner.

    A search that ends by itself before it hears of the cancel has ended all the same.
    """
    asked = threading.Event()
    moment = [0.0]

    def cancel() -> None:
        moment[0] = time.perf_counter()
        asked.set()

    timer = threading.Timer(after, cancel)
    timer.start()
    try:
        with pytest.raises((PlanningCancelled, NoPath)):
            plan(MotionOptions(cancelled=asked.is_set))
        end = time.perf_counter()
    finally:
        timer.cancel()
    return max(0.0, end - moment[0]) if asked.is_set() else 0.0
