"""Paths stay near their waypoints; trajectories stay within limits and are not slower than they must be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_motion.control.pace import Paced
from lab_motion.control.progress import Progress
from lab_motion.errors import LimitsExceeded, MotionStalled
from lab_motion.planning.paths import blended_polyline, smooth_path
from lab_motion.planning.port import Trajectory
from lab_motion.planning.timing import JointLimits, check_limits, densified, excess, time_path, travel_limit

LIMITS = JointLimits(np.full(3, -4.0), np.full(3, 4.0), np.array([3.0, 2.0, 1.0]), np.array([5.0, 4.0, 3.0]))
NAMES = ("a", "b", "c")
WAYPOINTS = st.lists(st.tuples(*[st.floats(-3.0, 3.0)] * 3), min_size=2, max_size=6, unique=True).map(
    np.array
)


@given(WAYPOINTS, st.floats(0.01, 1.0))
def test_a_blended_path_meets_its_ends_and_stays_near_the_polyline(waypoints, blend):
    path = blended_polyline(waypoints, blend)
    s = np.linspace(0.0, path.length, 400)
    positions = path(s)
    assert np.abs(positions[0] - waypoints[0]).max() < 1e-6
    assert np.abs(positions[-1] - waypoints[-1]).max() < 1e-6
    distances = np.full(len(s), np.inf)
    for a, b in pairwise(waypoints):
        along = np.clip(((positions - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-12), 0.0, 1.0)
        distances = np.minimum(distances, np.linalg.norm(positions - (a + along[:, None] * (b - a)), axis=1))
    assert distances.max() <= 0.5 * blend + 1e-6


@given(WAYPOINTS)
def test_a_blended_path_has_no_corner(waypoints):
    path = blended_polyline(waypoints, 0.2)
    inner = path.breaks[1:-1]
    if len(inner) and np.diff(path.breaks).min() > 1e-4:
        left, right = path(inner - 1e-9, 1), path(inner + 1e-9, 1)
        assert np.abs(left - right).max() < 1e-3


@given(WAYPOINTS, st.floats(0.1, 1.0), st.floats(0.1, 1.0))
def test_trajectories_keep_their_limits_and_end_at_rest(waypoints, speed, acceleration):
    limits = LIMITS.scaled(speed, acceleration)
    trajectory = time_path(NAMES, blended_polyline(waypoints, 0.3), limits, 0.02)
    check_limits(trajectory, limits)
    assert max(excess(trajectory, limits)) <= 1.002
    assert np.abs(trajectory.positions[0] - waypoints[0]).max() < 1e-6
    assert np.abs(trajectory.positions[-1] - waypoints[-1]).max() < 1e-6
    assert np.abs(trajectory.velocities[[0, -1]]).max() == 0.0
    assert np.all(np.diff(trajectory.time) > 0.0)


@pytest.mark.parametrize("distance", [0.05, 0.3, 1.5, 3.0])
def test_a_straight_motion_takes_the_time_of_the_trapezium(distance):
    """Analytic: accelerate, cruise at the limit, brake."""
    goal = np.array([distance, 0.0, 0.0])
    trajectory = time_path(NAMES, blended_polyline(np.stack([np.zeros(3), goal]), 0.0), LIMITS, 0.02)
    velocity, acceleration = 3.0, 5.0
    if distance < velocity**2 / acceleration:
        best = 2.0 * np.sqrt(distance / acceleration)
    else:
        best = distance / velocity + velocity / acceleration
    assert best - 1e-6 <= trajectory.duration <= 1.02 * best


def test_the_tool_keeps_its_speed_and_hardly_less():
    def forward(positions):
        poses = np.tile(np.eye(4), (len(positions), 1, 1))
        poses[:, :3, 3] = positions
        return poses

    path = smooth_path(np.linspace([0.0, 0.0, 0.0], [0.6, 0.8, 0.0], 20))
    slow = travel_limit(path, forward, 0.5)
    trajectory = time_path(NAMES, path, LIMITS, 0.01, slow)
    speeds = np.linalg.norm(trajectory.velocities, axis=1)
    assert speeds.max() <= 0.5 * 1.005
    assert trajectory.duration < 1.0 / 0.5 + 0.5 / 4.0 + 0.05


def test_leaving_the_range_is_said_with_the_joint():
    limits = JointLimits(np.full(3, -1.0), np.full(3, 1.0), LIMITS.velocity, LIMITS.acceleration)
    trajectory = time_path(
        NAMES, blended_polyline(np.array([[0.0, 0.0, 0.0], [0.0, 1.2, 0.0]]), 0.0), limits, 0.02
    )
    with pytest.raises(LimitsExceeded, match=r"b would go 0\.2000 above"):
        check_limits(trajectory, limits)


def test_too_fast_is_said():
    trajectory = time_path(
        NAMES, blended_polyline(np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]), 0.0), LIMITS, 0.02
    )
    with pytest.raises(LimitsExceeded, match="velocity"):
        check_limits(trajectory, LIMITS.scaled(0.5, 0.5))


def test_standing_still_is_a_trajectory():
    trajectory = time_path(NAMES, blended_polyline(np.zeros((2, 3)), 0.0), LIMITS, 0.02)
    assert trajectory.duration > 0.0
    assert np.abs(trajectory.positions).max() == 0.0


def test_there_and_back_is_one_motion():
    there = time_path(
        NAMES, blended_polyline(np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.2]]), 0.0), LIMITS, 0.02
    )
    both = there.then(there.reversed())
    assert both.duration == pytest.approx(2.0 * there.duration)
    assert np.abs(both.positions[-1] - both.positions[0]).max() < 1e-9
    check_limits(both, LIMITS)
    fine = densified(both, 4)
    assert np.abs(fine[: len(fine) // 2] - fine[::-1][: len(fine) // 2]).max() < 1e-6
    with pytest.raises(ValueError, match="do not meet"):
        there.then(there)


def moving(seconds: float) -> Trajectory:
    time = np.linspace(0.0, seconds, 50)
    positions = np.stack([0.5 - 0.5 * np.cos(np.pi * time / seconds)] * 3, axis=1)
    velocities = np.stack([0.5 * np.pi / seconds * np.sin(np.pi * time / seconds)] * 3, axis=1)
    return Trajectory(NAMES, time, positions, velocities, np.zeros_like(positions))


def paced(trajectory: Trajectory, rate: float = 1.0) -> Paced:
    return Paced(trajectory, rate, np.full(3, 20.0))


def test_an_arm_at_a_third_of_the_speed_has_not_stalled():
    trajectory = moving(3.0)
    progress = Progress(paced(trajectory), 0.05, 1.0)
    for elapsed in np.arange(0.0, 9.0, 0.05):
        position = 0.5 - 0.5 * np.cos(np.pi * min(elapsed / 9.0, 1.0))
        progress.check(float(elapsed), np.full(3, position))


def test_an_arm_that_stops_on_the_way_has_stalled():
    progress = Progress(paced(moving(3.0)), 0.05, 1.0)
    with pytest.raises(MotionStalled, match="not moved"):
        for elapsed in np.arange(0.0, 3.0, 0.05):
            progress.check(float(elapsed), np.full(3, min(0.3, 0.5 - 0.5 * np.cos(np.pi * elapsed / 3.0))))


def test_a_controller_that_does_not_end_has_stalled():
    progress = Progress(paced(moving(1.0)), 0.05, 1.0)
    progress.check(1.0, np.ones(3))
    progress.check(1.9, np.ones(3))
    with pytest.raises(MotionStalled):
        progress.check(2.1, np.ones(3))


@settings(max_examples=30)
@given(WAYPOINTS, st.floats(0.0, 1.0), st.sampled_from([0.0, 0.25, 1.0]), st.sampled_from([0.25, 1.0]))
def test_a_change_of_pace_stays_on_the_path_and_within_the_deceleration(waypoints, share, rate, before):
    whole = time_path(NAMES, blended_polyline(waypoints, 0.2), LIMITS, 0.02)
    ride = paced(whole, before)
    begin = share * whole.duration / before
    left_at, due = ride.planned(begin), ride.due(begin)
    rest = ride.change(begin, rate)
    assert np.abs(rest.positions[0] - due).max() < 1e-9
    assert np.abs(rest.velocities[-1]).max() == 0.0
    steps = np.diff(rest.time)[:, None]
    assert (steps > 0.0).all()
    assert (
        np.abs(np.diff(rest.velocities, axis=0) / steps) <= 1.05 * (LIMITS.acceleration + 20.0) + 0.1
    ).all()
    fine = densified(whole, 20)
    for position in rest.positions:
        assert np.abs(fine - position).max(axis=1).min() < 0.01
    if rate == 0.0:
        assert rest.time[-1] <= max(3.0 / 20.0, 0.02) + 1e-9
        assert ride.planned(begin + 9.0) - left_at <= 0.1
    else:
        assert np.abs(rest.positions[-1] - whole.positions[-1]).max() < 1e-6
        assert rest.time[-1] <= (whole.duration - left_at) / min(rate, before) + 0.2


def test_a_stop_early_in_a_motion_takes_no_longer_than_the_speed_that_is_reached():
    ride = Paced(moving(2.0), 1.0, np.full(3, 4.0))
    rest = ride.change(0.1, 0.0)
    reached = np.abs(rest.velocities[0]).max()
    assert rest.time[-1] <= 1.5 * reached / 4.0  # 0.3 s later it would be four times as fast
    assert (np.abs(np.diff(rest.velocities, axis=0)) <= 4.2 * np.diff(rest.time)[:, None]).all()


def test_a_slow_start_takes_the_path_in_more_time():
    slow = paced(moving(2.0), 0.25)
    assert slow.start().time[-1] == pytest.approx(8.0)
    assert np.abs(slow.start().velocities).max() == pytest.approx(0.25 * np.abs(moving(2.0).velocities).max())
    assert slow.planned(4.0) == pytest.approx(1.0)


def test_a_late_arm_brakes_from_where_it_is():
    ride = paced(moving(2.0))
    assert ride.align(1.0, moving(2.0).positions[20])
    assert ride.planned(1.0) == pytest.approx(moving(2.0).time[20], abs=0.005)
    far = ride.planned(1.0)
    assert not ride.align(1.0, np.full(3, 5.0))
    assert ride.planned(1.0) == far


def test_an_arm_that_its_controller_slows_down_brakes_from_where_it_is():
    """As by the slider of a teach pendant: later than any limit."""
    trajectory = moving(3.0)
    ride = paced(trajectory)
    at = np.full(3, 0.5 - 0.5 * np.cos(np.pi * 0.3 * 2.5 / 3.0))
    assert not ride.align(2.5, at), "or the joint states do not tell the truth"
    assert ride.align(2.5, at, late=np.inf)
    assert ride.planned(2.5) == pytest.approx(0.3 * 2.5, abs=0.005)
    assert np.abs(ride.change(2.5, 0.0).positions[0] - at).max() < 0.005
