"""Joint trajectories as splines, interpolated as ros2_control's joint_trajectory_controller does it.

Positions alone give lines, with velocities cubics, with accelerations too quintics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lab_core.geometry import FloatArray
from lab_simulation.errors import TrajectoryRejected


@dataclass(frozen=True, slots=True)
class JointState:
    """What the joints do at an instant: (N,) rad, rad/s, rad/s²."""

    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray

    @classmethod
    def resting(cls, position: FloatArray) -> JointState:
        """At a position, still."""
        return cls(position.copy(), np.zeros_like(position), np.zeros_like(position))


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A point of a trajectory: seconds from its start; positions, velocities, accelerations (N,)."""

    time: float
    position: FloatArray
    velocity: FloatArray | None = None
    acceleration: FloatArray | None = None


class Spline:
    """A trajectory that can be asked where to be at any time."""

    def __init__(self, times: FloatArray, coefficients: FloatArray, last: JointState) -> None:
        """times: (K + 1,) seconds of the knots. coefficients: (K, 6, N), of the powers of time."""
        self._times = times
        self._position = coefficients
        powers = np.arange(6.0)
        self._velocity = (coefficients * powers[:, None])[:, 1:]
        self._acceleration = (self._velocity * powers[:5, None])[:, 1:]
        self._last = last
        self._segment = 0

    @property
    def start(self) -> float:
        """Seconds."""
        return float(self._times[0])

    @property
    def end(self) -> float:
        """Seconds."""
        return float(self._times[-1])

    def at(self, time: float) -> JointState:
        """State at a time, seconds; the first before the start, the last, at rest, after the end."""
        if time >= self._times[-1]:
            return self._last
        segment = self._segment
        if not self._times[segment] <= time < self._times[segment + 1]:
            segment = max(0, int(np.searchsorted(self._times, time, side="right")) - 1)
            self._segment = segment
        powers = max(0.0, time - self._times[segment]) ** _POWERS
        return JointState(
            powers @ self._position[segment],
            powers[:5] @ self._velocity[segment],
            powers[:4] @ self._acceleration[segment],
        )


_POWERS = np.arange(6.0)


def check_times(waypoints: Sequence[Waypoint]) -> None:
    """Raises TrajectoryRejected when there is no waypoint, or their times do not increase strictly from 0."""
    if not waypoints:
        raise TrajectoryRejected("the trajectory has no points")
    times = np.array([point.time for point in waypoints])
    if not np.isfinite(times).all() or times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise TrajectoryRejected("the times of the trajectory's points do not increase strictly from 0")


def spline(start_time: float, start: JointState, waypoints: Sequence[Waypoint]) -> Spline:
    """Spline from a state through waypoints; a waypoint at time 0 takes the place of the state.

    Raises TrajectoryRejected when there is no waypoint or their times do not increase.
    """
    check_times(waypoints)
    points = list(waypoints)
    if points[0].time > 0.0:
        points.insert(0, Waypoint(0.0, start.position, start.velocity, start.acceleration))
    last = JointState.resting(points[-1].position)
    if len(points) == 1:
        points.append(Waypoint(points[0].time + 1e-9, points[0].position))
    segments = np.array([_segment(a, b) for a, b in pairwise(points)])
    return Spline(start_time + np.array([point.time for point in points]), segments, last)


def stop(time: float, state: JointState, deceleration: FloatArray) -> Spline:
    """Spline to rest along the present direction; no joint brakes harder than `deceleration` (N,)."""
    seconds = max(float((np.abs(state.velocity) / deceleration).max()), 1e-3)
    coefficients = np.zeros((1, 6, len(state.position)))
    coefficients[0, 0] = state.position
    coefficients[0, 1] = state.velocity
    coefficients[0, 2] = -state.velocity / (2.0 * seconds)
    rest = JointState.resting(state.position + state.velocity * seconds / 2.0)
    return Spline(np.array([time, time + seconds]), coefficients, rest)


def _segment(a: Waypoint, b: Waypoint) -> FloatArray:
    """(6, N) coefficients between two waypoints, of the degree that both have the derivatives for."""
    t = b.time - a.time
    c = np.zeros((6, len(a.position)))
    c[0] = a.position
    distance = b.position - a.position
    if a.velocity is None or b.velocity is None:
        c[1] = distance / t
        return c
    c[1] = a.velocity
    if a.acceleration is None or b.acceleration is None:
        c[2] = (3.0 * distance - (2.0 * a.velocity + b.velocity) * t) / t**2
        c[3] = (-2.0 * distance + (a.velocity + b.velocity) * t) / t**3
        return c
    c[2] = 0.5 * a.acceleration
    # What is left after the first three terms, to be made up by the last three.
    p = distance - a.velocity * t - 0.5 * a.acceleration * t**2
    v = b.velocity - a.velocity - a.acceleration * t
    w = b.acceleration - a.acceleration
    c[3] = (10.0 * p - 4.0 * v * t + 0.5 * w * t**2) / t**3
    c[4] = (-15.0 * p + 7.0 * v * t - w * t**2) / t**4
    c[5] = (6.0 * p - 3.0 * v * t + 0.5 * w * t**2) / t**5
    return c
