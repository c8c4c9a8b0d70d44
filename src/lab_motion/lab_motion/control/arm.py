"""The arm behind the action FollowJointTrajectory. The methods block and belong in a worker thread."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import numpy as np
from control_msgs.action import FollowJointTrajectory
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from trajectory_msgs.msg import JointTrajectory

from lab_core.errors import StaleInputError
from lab_core.geometry import FloatArray
from lab_description import Cell
from lab_motion.control.goal import ANSWER, LOOK, SLOWEST_CLOCK, Controller, Goal
from lab_motion.control.joint_states import JointStates
from lab_motion.control.pace import LATE, Paced
from lab_motion.control.progress import Progress
from lab_motion.conversions import trajectory_goal
from lab_motion.errors import (
    ExecutionCancelled,
    ExecutionError,
    GoalToleranceExceeded,
    MotionStalled,
    PathToleranceExceeded,
    TrajectoryRejected,
)
from lab_motion.planning.port import Trajectory
from lab_motion.skills.hardware import Cancelled, Watch
from lab_node.qos import RELIABLE

# Seconds of the cell clock between the decision to change the pace and the change, for the controller to get
# and accept the goal, so that it still is on the old way when the new one leaves it; and the share of the
# deceleration. A stop has 0.2 s. What has more time is done more gently, for the sake of a held part.
_AT_ONCE = (0.04, 1.0)
_GENTLY = (0.10, 0.5)
# Wall seconds within which a controller takes over a braking motion, and the arm stands; beyond, every goal
# is cancelled.
_TAKE_OVER, _BRAKED = 0.5, 2.0
# Wall seconds within which the stop is heard for which a controller has refused a goal.
_HEARD = 0.2
# Of the cell's clock: feedback that is older says nothing of where the arm is.
_NEW = Duration(seconds=0.2)
# Share of the planned speed that is the least to move with; to halt is to cancel.
_SLOWEST = 0.05

_FAILURES: dict[int, type[ExecutionError]] = {
    FollowJointTrajectory.Result.INVALID_GOAL: TrajectoryRejected,
    FollowJointTrajectory.Result.INVALID_JOINTS: TrajectoryRejected,
    FollowJointTrajectory.Result.OLD_HEADER_TIMESTAMP: TrajectoryRejected,
    FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED: PathToleranceExceeded,
    FollowJointTrajectory.Result.GOAL_TOLERANCE_VIOLATED: GoalToleranceExceeded,
}


class ControlledArm:
    """Arm by FollowJointTrajectory; see lab_motion.skills.hardware.

    To brake it sends a new goal that slows down along the old way. A joint_trajectory_controller that is told
    to cancel holds at once, which on a fast arm is a jump of the command (ros2_controllers 1516); a cancel is
    what is left when the controller does not take the braking motion.
    """

    def __init__(
        self,
        node: Node,
        cell: Cell,
        states: JointStates,
        speed: Callable[[], float],
        deceleration: float,
        stall_tolerance: float,
        stall_timeout: float,
        stamped: bool = True,
    ) -> None:
        """speed: share of the planned speed that is allowed now. deceleration: at most while braking, as a
        multiple of the robot's acceleration limits. stall_tolerance: radians that the arm may lag;
        stall_timeout: seconds that it may do so, or end late. stamped: whether the controller begins a
        motion at the time that it is given; one whose time stands while the arm is slowed would begin too
        late.
        """
        self._node = node
        self._states = states
        self._speed = speed
        self._deceleration = deceleration * cell.robot.acceleration
        self._names = cell.robot.joint_names
        states.watch(self._names)
        self._tolerance = stall_tolerance
        self._stall_timeout = stall_timeout
        self._stamped = stamped
        self._controller = Controller(
            node, FollowJointTrajectory, cell.robot.trajectory_action, TrajectoryRejected
        )
        # goals of actions cannot be listened to; recorders and displays take them from here
        self._sent = node.create_publisher(JointTrajectory, "motion/trajectory", RELIABLE)

    def positions(self) -> FloatArray:
        """Joint positions (J,) now."""
        return self._states.positions(self._names)

    def take_over(self) -> None:
        """End whatever motion somebody has begun before, and wait until the arm stands.

        Raises TrajectoryRejected when the controller is away, DeadlineError, MotionStalled, StaleInputError.
        """
        self._controller.clear()
        self._states.wait_until_still(self._names, ANSWER)

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        """Send, watch and wait for the end."""
        if cancelled():
            raise ExecutionCancelled("the motion was cancelled before it began")
        self._states.require_same_clock(self._names)
        paced = Paced(trajectory, max(self._speed(), _SLOWEST), self._deceleration)
        clock, action = self._node.get_clock(), self._controller.action
        request = trajectory_goal(paced.start())
        goal = self._begin(request, cancelled)
        begin, wall = clock.now(), time.monotonic()
        try:
            self._sent.publish(request.trajectory)
            progress = Progress(paced, self._tolerance, self._stall_timeout)
            while not goal.ended(LOOK):
                elapsed = (clock.now() - begin).nanoseconds * 1e-9
                if cancelled():
                    raise ExecutionCancelled("the motion was cancelled, the arm holds where it is")
                watch(paced.planned(elapsed))
                progress.check(elapsed, self.positions())
                rate = max(self._speed(), _SLOWEST)
                if rate != paced.rate:
                    goal = self._change(goal, paced, begin, rate, ANSWER)
                if time.monotonic() - wall > ANSWER + SLOWEST_CLOCK * (
                    trajectory.duration / paced.rate + self._stall_timeout
                ):
                    raise MotionStalled(f"{action} does not end, and the clock stands still")
        except BaseException:  # also a defect: nobody watches the arm any more
            self._brake(paced, begin, goal)
            raise
        result = goal.result
        if not goal.succeeded or result.error_code != FollowJointTrajectory.Result.SUCCESSFUL:
            self._states.wait_until_still(self._names, ANSWER)
            failure = _FAILURES.get(result.error_code, MotionStalled)
            raise failure(
                f"{action} did not carry the motion out: {result.error_string or 'it says no more'}"
            )

    def _begin(self, request: FollowJointTrajectory.Goal, cancelled: Cancelled) -> Goal:
        """Raises TrajectoryRejected, or ExecutionCancelled for a controller that heard of a stop first."""
        try:
            return self._controller.send(request)
        except TrajectoryRejected:
            deadline = time.monotonic() + _HEARD
            while not cancelled():
                if time.monotonic() > deadline:
                    raise
                threading.Event().wait(LOOK)
            raise ExecutionCancelled("the motion was cancelled before it began") from None

    def _change(self, goal: Goal, paced: Paced, begin: Time, rate: float, timeout: float) -> Goal:
        """Go on at another rate, from where the arm really is on its path."""
        try:
            stamp, positions = self._where(goal)
        except StaleInputError:
            pass  # then where it should be has to do
        else:
            late = LATE if self._stamped else math.inf
            if not paced.align((stamp - begin).nanoseconds * 1e-9, positions, late):
                raise PathToleranceExceeded("the arm is not on its path any more: is it pushed or blocked?")
        now = self._node.get_clock().now()
        lead, share = _AT_ONCE if self._speed() == 0.0 else _GENTLY
        rest = paced.change((now - begin).nanoseconds * 1e-9 + lead, rate, share)
        request = trajectory_goal(rest, now if self._stamped else None, lead)
        goal = self._controller.send(request, timeout)
        self._sent.publish(request.trajectory)
        return goal

    def _where(self, goal: Goal) -> tuple[Time, FloatArray]:
        """When the arm was last told where to be, and its positions (J,) then; else when and where it was.

        An arm trails behind its commands: a motion that begins where it is would begin with a step back.
        Raises StaleInputError.
        """
        if (told := goal.feedback) is not None:
            stamp = Time.from_msg(told.header.stamp)
            positions = dict(zip(told.joint_names, told.desired.positions, strict=False))
            if self._node.get_clock().now() - stamp < _NEW and positions.keys() >= set(self._names):
                return stamp, np.array([positions[name] for name in self._names])
        return self._states.newest(self._names)

    def _brake(self, paced: Paced, begin: Time, goal: Goal) -> None:
        """Come to rest on the path; if that goes wrong in any way, the controller is left without a goal.

        Raises MotionStalled or StaleInputError when the arm is not known to stand in the end.
        """
        try:
            # one that has ended may have made way for a change whose acceptance was not heard
            if not goal.ended():
                goal = self._change(goal, paced, begin, 0.0, _TAKE_OVER)
                # a controller may let go of a goal before the arm has come to rest, or hold on to one
                self._states.wait_until_still(self._names, _BRAKED)
                if goal.ended(_TAKE_OVER):
                    return
        except Exception as error:  # also a defect: cancelling is what is left
            self._node.get_logger().warning(
                f"the arm was not braked along its path, it is told to hold: {error}"
            )
        self._controller.cancel_all()
        self._states.wait_until_still(self._names, ANSWER)
