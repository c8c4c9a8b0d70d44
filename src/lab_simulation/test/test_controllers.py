"""The controllers keep the promises of ros2_control's."""

from __future__ import annotations

import numpy as np
import pytest

from lab_simulation.errors import InvalidJoints, OldTrajectory, TrajectoryRejected
from lab_simulation.mujoco.arm_controller import (
    ArmController,
    Ending,
    TrajectoryError,
    TrajectoryGoal,
    TrajectoryOutcome,
)
from lab_simulation.mujoco.gripper_controller import (
    GripperCommand,
    GripperController,
    GripperOutcome,
    GripperSettings,
)
from lab_simulation.mujoco.trajectory import JointState, Waypoint, spline

NAMES = ("a", "b")
DT = 0.002


def arm() -> ArmController:
    return ArmController(NAMES, np.zeros(2), np.array([2.0, 2.0]))


def follow(controller: ArmController, outcomes: list[TrajectoryOutcome], seconds: float, start: float = 0.0,
           lag: float = 0.0) -> float:  # fmt: skip
    """A perfect arm, but for a lag in radians; returns the time when the goal ended."""
    time = start
    while not outcomes and time < start + seconds:
        reference = controller.reference
        controller.update(time, reference.position + lag, reference.velocity)
        time += DT
    return time


def goal(*points: Waypoint, names: tuple[str, ...] = NAMES, **options: object) -> TrajectoryGoal:
    return TrajectoryGoal(names, points, **options)  # type: ignore[arg-type]


def point(time: float, *position: float, velocity: tuple[float, ...] | None = None) -> Waypoint:
    return Waypoint(time, np.array(position), None if velocity is None else np.array(velocity))


def test_splines_pass_through_their_points_with_their_derivatives() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.2, 1.0, size=6))
    points = [Waypoint(t, *rng.normal(size=(3, 2))) for t in times]
    for degree in (1, 3, 5):
        cut = [
            Waypoint(p.time, *(p.position, p.velocity, p.acceleration)[: (degree + 1) // 2]) for p in points
        ]
        curve = spline(10.0, JointState.resting(np.zeros(2)), cut)
        for p in cut[:-1]:
            for side in (-1e-9, 1e-9):
                state = curve.at(10.0 + p.time + side)
                assert state.position == pytest.approx(p.position, abs=1e-6)
                if p.velocity is not None:
                    assert state.velocity == pytest.approx(p.velocity, abs=1e-5)
                if p.acceleration is not None:
                    assert state.acceleration == pytest.approx(p.acceleration, abs=1e-4)


def test_derivatives_of_a_spline_are_its_derivatives() -> None:
    rng = np.random.default_rng(1)
    points = [Waypoint(t, *rng.normal(size=(3, 2))) for t in (0.5, 1.0)]
    curve = spline(0.0, JointState.resting(np.zeros(2)), points)
    h = 1e-5
    for time in np.linspace(0.01, 0.98, 23):
        if abs(time - 0.5) < 2 * h:
            continue
        before, now, after = (curve.at(time + shift) for shift in (-h, 0.0, h))
        assert (after.position - before.position) / (2 * h) == pytest.approx(now.velocity, abs=1e-4)
        assert (after.velocity - before.velocity) / (2 * h) == pytest.approx(now.acceleration, abs=1e-3)


def test_a_trajectory_ends_at_its_goal_and_its_time() -> None:
    controller, outcomes = arm(), []
    controller.follow(goal(point(0.5, 0.1, 0.2), point(1.0, 0.3, -0.4)), 0.0, outcomes.append)
    ended = follow(controller, outcomes, 2.0)
    assert outcomes == [TrajectoryOutcome(Ending.SUCCEEDED)]
    assert ended == pytest.approx(1.0, abs=4 * DT)
    assert controller.reference.position == pytest.approx([0.3, -0.4])


def test_joints_may_come_in_any_order() -> None:
    controller, outcomes = arm(), []
    controller.follow(goal(point(0.1, 1.0, 2.0), names=("b", "a")), 0.0, outcomes.append)
    follow(controller, outcomes, 1.0)
    assert controller.reference.position == pytest.approx([2.0, 1.0])


def test_leaving_the_path_aborts_and_brakes() -> None:
    controller, outcomes = arm(), []
    controller.follow(goal(point(1.0, 1.0, 1.0, velocity=(0.0, 0.0)), path={"b": 0.05}), 0.0, outcomes.append)
    follow(controller, outcomes, 1.0, lag=0.06)
    assert outcomes[0].ending is Ending.ABORTED
    assert outcomes[0].error is TrajectoryError.PATH_TOLERANCE_VIOLATED
    assert "b is 0.0600 rad from its path, tolerance 0.0500" in outcomes[0].message


def test_missing_the_goal_aborts_after_the_time_tolerance() -> None:
    controller, outcomes = arm(), []
    controller.follow(
        goal(point(0.2, 0.1, 0.1), goal={"a": 0.01, "b": 0.01}, goal_time=0.5), 0.0, outcomes.append
    )
    ended = follow(controller, outcomes, 2.0, lag=0.02)
    assert outcomes[0].error is TrajectoryError.GOAL_TOLERANCE_VIOLATED
    assert ended == pytest.approx(0.7, abs=3 * DT)


def test_a_negative_tolerance_is_any() -> None:
    controller, outcomes = arm(), []
    free = {"a": -1.0, "b": -1.0}
    controller.follow(goal(point(0.2, 0.1, 0.1), path=free, goal=free), 0.0, outcomes.append)
    follow(controller, outcomes, 2.0, lag=5.0)
    assert outcomes[0].ending is Ending.SUCCEEDED


def test_cancel_brakes_along_the_path_within_the_limits() -> None:
    controller, outcomes = arm(), []
    controller.follow(goal(point(1.0, 1.0, 0.5)), 0.0, outcomes.append)
    for step in range(200):
        controller.update(step * DT, controller.reference.position, controller.reference.velocity)
    speed = controller.reference.velocity.copy()
    controller.cancel(200 * DT)
    assert outcomes[0].ending is Ending.CANCELLED
    states = [controller.update((200 + i) * DT, np.zeros(2), np.zeros(2)) for i in range(400)]
    assert np.abs([state.acceleration for state in states]).max() <= 2.0 + 1e-9
    assert states[0].velocity == pytest.approx(speed, abs=0.01)
    assert states[-1].velocity == pytest.approx([0.0, 0.0])
    moved = states[-1].position - states[0].position
    assert moved[1] / moved[0] == pytest.approx(0.5)
    assert len(outcomes) == 1


def test_a_new_goal_takes_over_without_a_jump() -> None:
    controller, first, second = arm(), [], []
    controller.follow(goal(point(1.0, 1.0, 1.0, velocity=(0.0, 0.0))), 0.0, first.append)
    for step in range(250):
        controller.update(step * DT, controller.reference.position, controller.reference.velocity)
    before = controller.reference
    controller.follow(goal(point(1.0, 0.0, 0.0, velocity=(0.0, 0.0))), 250 * DT, second.append)
    after = controller.update(250 * DT, before.position, before.velocity)
    assert first[0].ending is Ending.ABORTED
    assert after.position == pytest.approx(before.position, abs=1e-9)
    assert after.velocity == pytest.approx(before.velocity, abs=1e-9)
    follow(controller, second, 3.0, start=250 * DT)
    assert second[0].ending is Ending.SUCCEEDED


def test_a_trajectory_whose_start_is_past_goes_on_without_a_jump() -> None:
    """It was stamped when it was sent, and the message took its time."""
    controller, outcomes = arm(), []
    points = [point(0.1, 0.05, 0.0), point(1.0, 0.5, 0.0, velocity=(0.0, 0.0))]
    controller.follow(goal(*points, start_time=2.0), 2.3, outcomes.append)
    first = controller.update(2.3, np.zeros(2), np.zeros(2))
    assert first.position == pytest.approx([0.0, 0.0])
    ended = follow(controller, outcomes, 2.0, start=2.3)
    assert outcomes[0].ending is Ending.SUCCEEDED
    assert ended == pytest.approx(3.0, abs=4 * DT)


@pytest.mark.parametrize(
    ("bad", "error", "sentence"),
    [
        (goal(), TrajectoryRejected, "has no points"),
        (goal(point(1.0, 0.0, 0.0), point(1.0, 0.0, 0.0)), TrajectoryRejected, "do not increase"),
        (goal(point(-1.0, 0.0, 0.0)), TrajectoryRejected, "do not increase strictly from 0"),
        (goal(point(1.0, 0.0)), TrajectoryRejected, "point 0 of the trajectory has 1 positions, expected 2"),
        (goal(point(1.0, np.nan, 0.0)), TrajectoryRejected, "finite"),
        (goal(point(1.0, 0.0, 0.0, velocity=(0.1, 0.0))), TrajectoryRejected, "end at rest"),
        (goal(point(1.0, 0.0), names=("a",)), InvalidJoints, "is for a, the controller has a, b"),
        (goal(point(1.0, 0.0, 0.0), names=("a", "c")), InvalidJoints, "is for a, c"),
        (goal(point(1.0, 0.0, 0.0), path={"c": 1.0}), InvalidJoints, "path tolerance for c"),
        (goal(point(1.0, 0.0, 0.0), start_time=3.0), OldTrajectory, "ended 1.000 s ago"),
    ],
)
def test_what_cannot_be_followed_is_rejected(bad: TrajectoryGoal, error: type, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        arm().check(bad, 5.0)


SETTINGS = GripperSettings(
    0.0,
    0.8,
    usual_effort=4.0,
    max_effort=20.0,
    max_velocity=1.0,
    goal_tolerance=0.005,
    stall_velocity_threshold=0.02,
)


def squeeze(controller: GripperController, outcomes: list[GripperOutcome], wall: float) -> None:
    """A joint that runs after its command at 1 rad/s and stops at a wall."""
    position, time = 0.0, 0.0
    while not outcomes and time < 5.0:
        velocity = 1.0 if position < min(wall, controller.command.position) else 0.0
        position += velocity * DT
        controller.update(time, position, 3.0)
        time += DT


def test_the_gripper_reaches_its_goal() -> None:
    controller, outcomes = GripperController("g", SETTINGS, 0.0), []
    controller.move(0.5, None, None, 0.0, outcomes.append)
    squeeze(controller, outcomes, wall=1.0)
    assert (outcomes[0].reached_goal, outcomes[0].stalled) == (True, False)
    assert outcomes[0].position == pytest.approx(0.5, abs=0.006)


def test_the_gripper_stalls_on_a_part_and_goes_on_pushing() -> None:
    controller, outcomes = GripperController("g", SETTINGS, 0.0), []
    controller.move(0.8, 6.0, None, 0.0, outcomes.append)
    squeeze(controller, outcomes, wall=0.3)
    assert (outcomes[0].reached_goal, outcomes[0].stalled) == (False, True)
    assert outcomes[0].ending is Ending.SUCCEEDED
    assert outcomes[0].effort == pytest.approx(3.0)
    assert (controller.command.position, controller.command.effort) == (0.8, 6.0)


def test_a_joint_that_trembles_on_a_part_stalls() -> None:
    controller, outcomes = GripperController("g", SETTINGS, 0.0), []
    controller.move(0.8, 6.0, None, 0.0, outcomes.append)
    for step in range(200):
        controller.update(step * DT, 0.3 + 1e-4 * (-1) ** step, 3.0)
    assert outcomes and outcomes[0].stalled


def test_a_joint_that_creeps_on_does_not_stall() -> None:
    controller, outcomes = GripperController("g", SETTINGS, 0.0), []
    controller.move(0.8, 6.0, None, 0.0, outcomes.append)
    for step in range(1000):
        controller.update(step * DT, 0.3 + 0.05 * step * DT, 3.0)
    assert not outcomes


def test_gripper_commands_stay_within_the_drive() -> None:
    controller = GripperController("g", SETTINGS, 0.0)
    controller.move(5.0, 100.0, 9.0, 0.0, lambda _: None)
    assert controller.command == GripperCommand(position=0.8, effort=20.0, velocity=1.0)
    controller.move(0.1, 0.0, None, 0.0, lambda _: None)
    assert (controller.command.effort, controller.command.velocity) == (4.0, 1.0)
    with pytest.raises(ValueError, match="not finite"):
        controller.move(float("nan"), None, None, 0.0, lambda _: None)


def test_a_cancelled_gripper_holds_where_it_is() -> None:
    controller, outcomes = GripperController("g", SETTINGS, 0.0), []
    controller.move(0.8, 6.0, None, 0.0, outcomes.append)
    controller.update(0.1, 0.2, 2.0)
    controller.cancel()
    assert outcomes[0].ending is Ending.CANCELLED
    assert controller.command.position == 0.2
    controller.cancel()
    assert len(outcomes) == 1
