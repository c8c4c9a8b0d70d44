"""Opens and closes with the semantics of ros2_control's parallel_gripper_action_controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab_simulation.mujoco.arm_controller import Ending


@dataclass(frozen=True, slots=True)
class GripperSettings:
    """Of the gripper's controller; names as in parallel_gripper_action_controller.

    Of the driven joint: lower, upper, goal_tolerance: rad. stall_velocity_threshold: rad/s. stall_timeout:
    seconds. max_effort, max_velocity: what a goal gets at most, N m and rad/s. usual_effort: what it gets
    that does not say. For a sliding joint read m and N in place of rad and N m, here and below.
    """

    lower: float
    upper: float
    usual_effort: float
    max_effort: float
    max_velocity: float
    goal_tolerance: float
    stall_velocity_threshold: float
    stall_timeout: float = 0.15


@dataclass(frozen=True, slots=True)
class GripperOutcome:
    """Result of a gripper goal: position, rad; effort, N m."""

    ending: Ending
    position: float
    effort: float
    stalled: bool = False
    reached_goal: bool = False


GripperDone = Callable[[GripperOutcome], None]


@dataclass(slots=True)
class GripperCommand:
    """What the drive of the gripper has to do: position, rad; effort, N m; velocity, rad/s."""

    position: float
    effort: float
    velocity: float


class GripperController:
    """Moves the driven joint to a position, or until something stops it; then goes on pushing."""

    def __init__(self, joint_name: str, settings: GripperSettings, position: float) -> None:
        self.joint_name = joint_name
        self.settings = settings
        self._done: GripperDone | None = None
        self._last_movement, self._moved_to = 0.0, position
        self._position, self._effort = position, 0.0
        self.command = GripperCommand(position, settings.usual_effort, settings.max_velocity)

    @property
    def moving(self) -> bool:
        """Whether a goal is being worked on."""
        return self._done is not None

    def hold(self, position: float) -> None:
        """Forget everything and stay at a position."""
        self._position, self._effort = position, 0.0
        self._end(self._outcome(Ending.ABORTED))
        self.command = GripperCommand(position, self.settings.usual_effort, self.settings.max_velocity)

    def move(
        self, position: float, effort: float | None, velocity: float | None, now: float, done: GripperDone
    ) -> None:
        """Start to move; `done` is called once with the outcome.

        position: rad, brought inside the joint's limits. effort: N m, velocity: rad/s, at most the drive's;
        None or not positive is the usual.
        Raises ValueError when a number is not finite.
        """
        if not np.isfinite([position, effort or 0.0, velocity or 0.0]).all():
            raise ValueError(f"gripper command ({position}, {effort}, {velocity}) is not finite")
        self._end(self._outcome(Ending.ABORTED))
        settings = self.settings
        self.command = GripperCommand(
            float(np.clip(position, settings.lower, settings.upper)),
            min(effort, settings.max_effort) if effort and effort > 0.0 else settings.usual_effort,
            min(velocity, settings.max_velocity) if velocity and velocity > 0.0 else settings.max_velocity,
        )
        self._last_movement, self._moved_to = now, self._position
        self._done = done

    def cancel(self) -> None:
        """Stay where the joint is, and end the goal."""
        if self._done is not None:
            settings = self.settings
            self.command = GripperCommand(self._position, settings.usual_effort, settings.max_velocity)
            self._end(self._outcome(Ending.CANCELLED))

    def update(self, now: float, position: float, effort: float) -> GripperCommand:
        """What the drive has to do now; judges where the joint is, rad, and its torque, N m.

        The joint stalls when over the stall timeout it was slower than the threshold on average: the velocity
        of an instant is full of the chatter of contacts.
        """
        self._position, self._effort = position, effort
        if self._done is not None:
            settings = self.settings
            if abs(self.command.position - position) < settings.goal_tolerance:
                self._end(self._outcome(Ending.SUCCEEDED, reached_goal=True))
            elif abs(position - self._moved_to) > settings.stall_velocity_threshold * settings.stall_timeout:
                self._last_movement, self._moved_to = now, position
            elif now - self._last_movement > settings.stall_timeout:
                # allow_stalling: something between the fingers is what a gripper is for.
                self._end(self._outcome(Ending.SUCCEEDED, stalled=True))
        return self.command

    def _outcome(self, ending: Ending, stalled: bool = False, reached_goal: bool = False) -> GripperOutcome:
        return GripperOutcome(ending, self._position, self._effort, stalled, reached_goal)

    def _end(self, outcome: GripperOutcome) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(outcome)
