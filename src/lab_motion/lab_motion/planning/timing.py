"""When the arm is where: time-optimal along a path, within limits of velocity and acceleration.

Source: H. Pham, Q.-C. Pham, "A new approach to time-optimal path parameterization based on reachability
analysis", IEEE T-RO 2018, by the toppra library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.errors import LimitsExceeded
from lab_motion.planning.paths import JointPath
from lab_motion.planning.plain_toppra import toppra
from lab_motion.planning.polynomials import hermite
from lab_motion.planning.port import Trajectory

_GRID = 80
# Limits are met at the grid of the path; between, this much more is let pass before time is stretched.
_TOLERANCE = 1e-3

toppra.setup_logging("ERROR")


@dataclass(frozen=True, slots=True, eq=False)
class JointLimits:
    """(J,) each: range of positions, largest velocity and acceleration; radians (metres), seconds."""

    lower: FloatArray
    upper: FloatArray
    velocity: FloatArray
    acceleration: FloatArray

    def scaled(self, speed: float, acceleration: float) -> JointLimits:
        """Shares of velocity and acceleration."""
        return JointLimits(self.lower, self.upper, speed * self.velocity, acceleration * self.acceleration)


class _ToppraPath(toppra.interpolator.AbstractGeometricPath):  # type: ignore[misc]
    """What toppra asks of a path."""

    def __init__(self, path: JointPath) -> None:
        self._path = path

    def __call__(self, path_positions: FloatArray, order: int = 0) -> FloatArray:
        return self._path(path_positions, order)

    @property
    def dof(self) -> int:
        return int(self._path(np.zeros(1)).shape[1])

    @property
    def path_interval(self) -> FloatArray:
        return np.array([0.0, self._path.length])


def time_path(
    names: tuple[str, ...],
    path: JointPath,
    limits: JointLimits,
    period: float,
    speed_limit: Callable[[FloatArray], FloatArray] | None = None,
) -> Trajectory:
    """The fastest trajectory along a path that starts and ends at rest.

    period: of the samples, seconds; the last is shorter. speed_limit: largest ds/dt (N,) at lengths s (N,).

    Raises LimitsExceeded when the path cannot be timed.
    """
    if path.length < 1e-6:
        return _standing(names, path(np.zeros(1))[0])
    grid = _grid(path)
    velocity = np.stack([-limits.velocity, limits.velocity], axis=1)
    acceleration = np.stack([-limits.acceleration, limits.acceleration], axis=1)
    constraints: list[toppra.constraint.Constraint] = [
        toppra.constraint.JointAccelerationConstraint(
            acceleration, discretization_scheme=toppra.constraint.DiscretizationType.Interpolation
        )
    ]
    if speed_limit is None:
        constraints.append(toppra.constraint.JointVelocityConstraint(velocity))
    else:
        slope = np.abs(path(grid, 1))
        allowed = speed_limit(grid)

        def varying(s: float) -> FloatArray:
            at = min(int(np.searchsorted(grid, s)), len(grid) - 1)
            bound = np.minimum(limits.velocity, slope[at] * allowed[at] + 1e-9)
            return np.stack([-bound, bound], axis=1)

        constraints.append(toppra.constraint.JointVelocityConstraintVarying(varying))
    instance = toppra.algorithm.TOPPRA(
        constraints,
        _ToppraPath(path),
        gridpoints=grid,
        solver_wrapper="seidel",
        parametrizer="ParametrizeConstAccel",
    )
    timed = instance.compute_trajectory(0.0, 0.0)
    if timed is None:
        raise LimitsExceeded("the path cannot be followed within the limits of velocity and acceleration")
    duration = float(timed.duration)
    time = np.linspace(0.0, duration, max(3, int(np.ceil(duration / period)) + 1))
    positions, velocities, accelerations = timed(time), timed(time, 1), timed(time, 2)
    velocities[[0, -1]] = 0.0
    positions[0], positions[-1] = path(np.zeros(1))[0], path(np.array([path.length]))[0]
    return _stretched(Trajectory(names, time, positions, velocities, accelerations), limits)


def travel_limit(
    path: JointPath, forward: Callable[[FloatArray], FloatArray], speed: float
) -> Callable[[FloatArray], FloatArray]:
    """Largest ds/dt (N,) at lengths s (N,), so that the tool travels at most at a speed, m/s.

    forward: base_from_tcp (N, 4, 4) at joint positions (N, J).
    """
    step = 1e-4 * path.length

    def limit(s: FloatArray) -> FloatArray:
        low, high = np.maximum(s - step, 0.0), np.minimum(s + step, path.length)
        travel = forward(path(high))[:, :3, 3] - forward(path(low))[:, :3, 3]
        fastest: FloatArray = speed * (high - low) / np.maximum(np.linalg.norm(travel, axis=1), 1e-12)
        return fastest

    return limit


def excess(trajectory: Trajectory, limits: JointLimits) -> tuple[float, float]:
    """Largest velocity and acceleration as shares of their limits, at samples and between them."""
    step = np.diff(trajectory.time)[:, None]
    velocity = np.maximum(
        np.abs(trajectory.velocities).max(axis=0),
        np.abs(np.diff(trajectory.positions, axis=0) / step).max(axis=0),
    )
    acceleration = np.abs(np.diff(trajectory.velocities, axis=0) / step).max(axis=0)
    return float((velocity / limits.velocity).max()), float((acceleration / limits.acceleration).max())


def check_limits(trajectory: Trajectory, limits: JointLimits) -> None:
    """Raises LimitsExceeded that names the joint, when a trajectory leaves its limits."""
    for what, low, high in (
        ("below its range", limits.lower - trajectory.positions.min(axis=0), limits.lower),
        ("above its range", trajectory.positions.max(axis=0) - limits.upper, limits.upper),
    ):
        worst = int(np.argmax(low))
        if low[worst] > 1e-6:
            name = trajectory.names[worst]
            raise LimitsExceeded(f"{name} would go {low[worst]:.4f} {what}, which ends at {high[worst]:.3f}")
    velocity, acceleration = excess(trajectory, limits)
    if max(velocity, acceleration) > 1.0 + 2.0 * _TOLERANCE:
        raise LimitsExceeded(
            f"the motion needs {velocity:.2f} of the largest velocity"
            f" and {acceleration:.2f} of the largest acceleration"
        )


def densified(trajectory: Trajectory, parts: int) -> FloatArray:
    """Positions (M, J) that the cubic between samples goes through, `parts` to each interval."""
    cubics = hermite(trajectory.time, trajectory.positions, trajectory.velocities)
    knots = np.arange(parts * (len(trajectory.time) - 1) + 1) / parts
    return cubics(np.interp(knots, np.arange(len(trajectory.time)), trajectory.time))


def _grid(path: JointPath) -> FloatArray:
    """Where limits are imposed: all breaks, and denser towards both ends, where the arm is slow."""
    even = np.linspace(0.0, np.pi, _GRID + 1)
    spread = 0.5 * path.length * (1.0 - np.cos(even))
    middles = [np.linspace(a, b, 4)[1:3] for a, b in zip(path.breaks[:-1], path.breaks[1:], strict=True)]
    grid = np.unique(np.concatenate([spread, path.breaks, *middles]))
    kept = np.concatenate([[True], np.diff(grid) > 1e-6 * path.length])
    kept[-1] = True
    grid = grid[kept]
    if grid[-1] - grid[-2] < 1e-6 * path.length:
        grid = np.delete(grid, -2)
    return grid


def _stretched(trajectory: Trajectory, limits: JointLimits) -> Trajectory:
    velocity, acceleration = excess(trajectory, limits)
    factor = max(velocity, np.sqrt(acceleration))
    if factor <= 1.0 + _TOLERANCE:
        return trajectory
    return Trajectory(
        trajectory.names,
        trajectory.time * factor,
        trajectory.positions,
        trajectory.velocities / factor,
        trajectory.accelerations / factor**2,
    )


def _standing(names: tuple[str, ...], positions: FloatArray) -> Trajectory:
    still = np.zeros((2, len(names)))
    return Trajectory(names, np.array([0.0, 0.02]), np.tile(positions, (2, 1)), still, still)
