"""Follows trajectories with the semantics of ros2_control's joint_trajectory_controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum

import numpy as np

from lab_core.geometry import FloatArray
from lab_simulation.errors import InvalidJoints, OldTrajectory, TrajectoryRejected
from lab_simulation.mujoco.trajectory import JointState, Spline, Waypoint, check_times, spline, stop


class Ending(Enum):
    """How a goal ended."""

    SUCCEEDED = "succeeded"
    ABORTED = "aborted"
    CANCELLED = "cancelled"


class TrajectoryError(IntEnum):
    """Error codes of FollowJointTrajectory.Result."""

    SUCCESSFUL = 0
    INVALID_GOAL = -1
    INVALID_JOINTS = -2
    OLD_HEADER_TIMESTAMP = -3
    PATH_TOLERANCE_VIOLATED = -4
    GOAL_TOLERANCE_VIOLATED = -5


@dataclass(frozen=True, slots=True)
class TrajectoryOutcome:
    """Result of a trajectory goal."""

    ending: Ending
    error: TrajectoryError = TrajectoryError.SUCCESSFUL
    message: str = ""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far the arm may be from its reference, (N,) rad and rad/s; 0 is any distance.

    goal_time: seconds after its end within which a trajectory has to come inside the goal tolerances; 0 is
    any.
    """

    path: FloatArray
    goal: FloatArray
    goal_velocity: FloatArray
    goal_time: float = 0.0

    @classmethod
    def usual(cls, joints: int) -> Tolerances:
        """Those that a goal has unless it says otherwise."""
        return cls(np.full(joints, 0.2), np.full(joints, 0.01), np.full(joints, 0.02), 1.0)


@dataclass(frozen=True)
class TrajectoryGoal:
    """A trajectory to follow.

    joint_names: all joints of the arm, in any order; waypoints in that order. start_time: seconds; 0 is at
    once. path, goal: tolerances by joint, radians; negative is any. goal_time: seconds; 0 is the usual.
    """

    joint_names: Sequence[str]
    waypoints: Sequence[Waypoint]
    start_time: float = 0.0
    path: Mapping[str, float] = field(default_factory=dict)
    goal: Mapping[str, float] = field(default_factory=dict)
    goal_time: float = 0.0


TrajectoryDone = Callable[[TrajectoryOutcome], None]


class ArmController:
    """Follows one trajectory at a time; a new one takes over from where the old one is."""

    def __init__(self, joint_names: Sequence[str], position: FloatArray, deceleration: FloatArray) -> None:
        self.joint_names = tuple(joint_names)
        self._deceleration = deceleration
        self._usual = Tolerances.usual(len(self.joint_names))
        self._tolerances = self._usual
        self._done: TrajectoryDone | None = None
        self._spline: Spline | None = None
        self.reference = JointState.resting(position)

    @property
    def following(self) -> bool:
        """Whether a goal is being worked on."""
        return self._done is not None

    def hold(self, position: FloatArray) -> None:
        """Forget everything and stay at a position."""
        self._end(TrajectoryOutcome(Ending.ABORTED, TrajectoryError.INVALID_GOAL, "the simulation was reset"))
        self._spline = None
        self.reference = JointState.resting(position)

    def check(self, goal: TrajectoryGoal, now: float) -> None:
        """Raises TrajectoryRejected for a goal that `follow` would not take."""
        self._prepare(goal, now)

    def follow(self, goal: TrajectoryGoal, now: float, done: TrajectoryDone) -> None:
        """Start a trajectory; `done` is called once with its outcome, from `update`, `cancel` or a later
        `follow`.

        Raises TrajectoryRejected, and goes on with what it did before.
        """
        prepared = self._prepare(goal, now)
        self._end(TrajectoryOutcome(Ending.ABORTED, message="a newer trajectory took over"))
        self._spline, self._tolerances = prepared
        self._done = done

    def cancel(self, now: float) -> None:
        """Brake, and end the goal."""
        if self._done is not None:
            self._brake(now)
            self._end(TrajectoryOutcome(Ending.CANCELLED, message="cancelled; the arm brakes and holds"))

    def update(self, now: float, position: FloatArray, velocity: FloatArray) -> JointState:
        """Where the arm is to be now; judges where it is, (N,) rad and rad/s."""
        if self._spline is None:
            return self.reference
        self.reference = self._spline.at(now)
        if self._done is not None:
            self._judge(now, position, velocity)
        elif now >= self._spline.end:
            self._spline = None
        return self.reference

    def _judge(self, now: float, position: FloatArray, velocity: FloatArray) -> None:
        assert self._spline is not None
        error = np.abs(self.reference.position - position)
        limits = self._tolerances
        if now < self._spline.end:
            worst = _violation(error, limits.path)
            if worst is not None:
                self._brake(now)
                self._abort(TrajectoryError.PATH_TOLERANCE_VIOLATED, worst, error, limits.path, "its path")
            return
        late = now - self._spline.end
        worst = _violation(error, limits.goal)
        still_moving = _violation(np.abs(velocity), limits.goal_velocity)
        if worst is None and still_moving is None:
            self._spline = None
            self._end(TrajectoryOutcome(Ending.SUCCEEDED))
        elif limits.goal_time > 0.0 and late > limits.goal_time:
            self._spline = None
            if worst is None and still_moving is not None:
                self._abort(
                    TrajectoryError.GOAL_TOLERANCE_VIOLATED, still_moving, np.abs(velocity),
                    limits.goal_velocity, "rest (rad/s)",
                )  # fmt: skip
            else:
                assert worst is not None
                self._abort(TrajectoryError.GOAL_TOLERANCE_VIOLATED, worst, error, limits.goal, "its goal")

    def _abort(self, error: TrajectoryError, joint: int, by: FloatArray, limits: FloatArray, of: str) -> None:
        self._end(
            TrajectoryOutcome(
                Ending.ABORTED,
                error,
                f"{self.joint_names[joint]} is {by[joint]:.4f} rad from {of}, tolerance {limits[joint]:.4f}",
            )
        )

    def _brake(self, now: float) -> None:
        self._spline = stop(now, self.reference, self._deceleration)

    def _end(self, outcome: TrajectoryOutcome) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(outcome)

    def _prepare(self, goal: TrajectoryGoal, now: float) -> tuple[Spline, Tolerances]:
        if sorted(goal.joint_names) != sorted(self.joint_names):
            raise InvalidJoints(
                f"the trajectory is for {', '.join(goal.joint_names) or 'no joint'},"
                f" the controller has {', '.join(self.joint_names)}"
            )
        order = [list(goal.joint_names).index(name) for name in self.joint_names]
        waypoints = [_sorted(point, order, index) for index, point in enumerate(goal.waypoints)]
        start = goal.start_time if goal.start_time > 0.0 else now
        check_times(waypoints)
        if start < now:  # what is past is left out, and the rest begins where the arm is
            late = now - start
            if late > waypoints[-1].time:
                raise OldTrajectory(f"the trajectory would have ended {late - waypoints[-1].time:.3f} s ago")
            start = now
            waypoints = [replace(point, time=point.time - late) for point in waypoints if point.time >= late]
        prepared = spline(start, self.reference, waypoints)
        last = waypoints[-1].velocity
        if last is not None and np.abs(last).max() > 1e-3:
            raise TrajectoryRejected("the trajectory's last point has a velocity; the arm has to end at rest")
        return prepared, Tolerances(
            path=self._tolerance(goal.path, self._usual.path, "path"),
            goal=self._tolerance(goal.goal, self._usual.goal, "goal"),
            goal_velocity=self._usual.goal_velocity,
            goal_time=goal.goal_time if goal.goal_time > 0.0 else self._usual.goal_time,
        )

    def _tolerance(self, given: Mapping[str, float], usual: FloatArray, kind: str) -> FloatArray:
        unknown = set(given) - set(self.joint_names)
        if unknown:
            raise InvalidJoints(
                f"{kind} tolerance for {', '.join(sorted(unknown))}, which the controller has not"
            )
        values = usual.copy()
        for index, name in enumerate(self.joint_names):
            value = given.get(name, 0.0)
            if value != 0.0:
                values[index] = max(value, 0.0)
        return values


def _violation(values: FloatArray, limits: FloatArray) -> int | None:
    """Index of the value that exceeds its limit most, if one does; a limit of 0 is none."""
    excess = np.where(limits > 0.0, values - limits, -np.inf)
    worst = int(np.argmax(excess))
    return worst if excess[worst] > 0.0 else None


def _sorted(point: Waypoint, order: list[int], index: int) -> Waypoint:
    """The waypoint in the controller's order of joints, checked for length and numbers."""

    def checked(name: str, values: FloatArray) -> FloatArray:
        if len(values) != len(order) or not np.isfinite(values).all():
            raise TrajectoryRejected(
                f"point {index} of the trajectory has {len(values)} {name}, expected {len(order)} finite ones"
            )
        return np.asarray(values, dtype=np.float64)[order]

    return Waypoint(
        point.time,
        checked("positions", point.position),
        None if point.velocity is None else checked("velocities", point.velocity),
        None if point.acceleration is None else checked("accelerations", point.acceleration),
    )
