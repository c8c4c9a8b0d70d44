"""Arm and hand behind ros2_control's actions. The methods block and belong in a worker thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from lab_grasping.contact import PadReading
from lab_node.action_client import ActionClient
from lab_node.errors import DeadlineError, LabError, StaleInputError
from lab_node.freshness import Latest
from lab_node.qos import RELIABLE, SENSOR
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from lab_description import Cell
from lab_geometry import FloatArray
from lab_motion.conversions import gripper_goal, ordered_positions, pad_force, trajectory_goal
from lab_motion.errors import (
    ExecutionCancelled,
    ExecutionError,
    GoalToleranceExceeded,
    GripperFailed,
    MotionStalled,
    PathToleranceExceeded,
    TrajectoryRejected,
)
from lab_motion.hardware import Cancelled, Watch
from lab_motion.pace import Paced
from lab_motion.planner import Trajectory
from lab_motion.progress import Progress

# Wall seconds between two looks at what goes on; a result wakes at once.
_LOOK = 0.01
# Wall seconds for answers that need no motion: acceptance of a goal, end of a cancelled one.
_ANSWER = 5.0
# Joints slower than this stand, radians per second.
_STILL = 0.005
# Seconds of the cell clock between the decision to change the pace and the change, for the controller to get
# and accept the goal, so that it still is on the old way when the new one leaves it; and the share of the
# deceleration. A stop has 0.2 s. What has more time is done more gently, for the sake of a held part.
_AT_ONCE = (0.04, 1.0)
_GENTLY = (0.10, 0.5)
# Wall seconds within which a controller takes over a braking motion; beyond, the goal is cancelled.
_TAKE_OVER = 0.5
# A motion may take this many wall seconds for each second of the cell's clock, before the clock counts as
# stopped.
_SLOWEST_CLOCK = 50.0
# Share of the planned speed that is the least to move with; to halt is to cancel.
_SLOWEST = 0.05

_FAILURES: dict[int, type[ExecutionError]] = {
    FollowJointTrajectory.Result.INVALID_GOAL: TrajectoryRejected,
    FollowJointTrajectory.Result.INVALID_JOINTS: TrajectoryRejected,
    FollowJointTrajectory.Result.OLD_HEADER_TIMESTAMP: TrajectoryRejected,
    FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED: PathToleranceExceeded,
    FollowJointTrajectory.Result.GOAL_TOLERANCE_VIOLATED: GoalToleranceExceeded,
}


class JointStates:
    """The newest states of groups of joints. Drivers of their own publish arm and gripper in turns."""

    def __init__(self, node: Node, max_age: float) -> None:
        self._node = node
        self._max_age = max_age
        self._latest: dict[tuple[str, ...], Latest[JointState]] = {}
        node.create_subscription(JointState, "/joint_states", self._put, SENSOR)

    def watch(self, names: tuple[str, ...]) -> None:
        """Keep the newest state that holds all of these joints."""
        self._latest[names] = Latest(f"state of {', '.join(names)} on /joint_states")

    def positions(self, names: tuple[str, ...]) -> FloatArray:
        """(J,) of joints that are watched.

        Raises StaleInputError.
        """
        return self.newest(names)[1]

    def newest(self, names: tuple[str, ...]) -> tuple[Time, FloatArray]:
        """When the newest state of joints that are watched was measured, and its positions (J,).

        Raises StaleInputError.
        """
        message = self._latest[names].fresh(self._node.get_clock().now(), self._max_age)
        return Time.from_msg(message.header.stamp), ordered_positions(message, names)

    def wait_for_newer(self, names: tuple[str, ...], stamp: Time, wall_timeout: float) -> None:
        """Wait for a state of watched joints stamped at or after `stamp`, at most so long."""
        self._latest[names].wait_for_newer(stamp, wall_timeout)

    def _put(self, message: JointState) -> None:
        held = frozenset(message.name)
        for names, latest in self._latest.items():
            if held.issuperset(names):
                latest.put(message)

    def wait_until_still(self, names: tuple[str, ...], wall_timeout: float) -> None:
        """Wait until none of the named joints moves any more.

        Raises MotionStalled when they still move after the timeout, StaleInputError when no state comes.
        """
        deadline = time.monotonic() + wall_timeout
        stamp, moving = self._node.get_clock().now(), None
        latest = self._latest[names]
        while (message := latest.wait_for_newer(stamp, deadline - time.monotonic())) is not None:
            speeds = dict(zip(message.name, message.velocity, strict=False))
            moving = next((name for name in names if abs(speeds.get(name, 0.0)) >= _STILL), None)
            if moving is None:
                return
            stamp = Time.from_msg(message.header.stamp) + Duration(nanoseconds=1)
        if moving is None:
            raise StaleInputError(
                "the arm was told to stop, but no joint state tells whether it did: are they published?"
            )
        raise MotionStalled(f"{moving} was told to stop and still moves {wall_timeout:.0f} s later")


class _Goal:
    """A goal on its way: sent, accepted, ended."""

    def __init__(
        self,
        client: ActionClient,
        goal: Any,
        what: str,
        refused: type[LabError],
        patience: float = _ANSWER,
    ) -> None:
        """Raises `refused` when the server is away or does not take the goal, DeadlineError when silent."""
        self._what = what
        if not client.wait_for_server(timeout_sec=patience):
            raise refused(f"{what} is not there: is the controller active?")
        answer = client.send_goal_async(goal)
        try:
            self._handle = _wait(answer, what, patience)
        except DeadlineError:
            answer.add_done_callback(_let_go)  # nobody would watch what it begins then
            raise
        if not self._handle.accepted:
            raise refused(f"{what} refused the goal: is the controller active and the joint list right?")
        self._done = threading.Event()
        self._future: Future = self._handle.get_result_async()
        self._future.add_done_callback(lambda _: self._done.set())

    def ended(self, wall: float) -> bool:
        """Wait for the end, at most this long."""
        return self._done.wait(wall)

    @property
    def result(self) -> Any:
        """Of an ended goal."""
        return self._future.result().result

    @property
    def succeeded(self) -> bool:
        """Whether an ended goal did; a controller may abort without an error code."""
        return bool(self._future.result().status == GoalStatus.STATUS_SUCCEEDED)

    def stop(self) -> None:
        """Cancel and wait until the controller has let go."""
        _wait(self._handle.cancel_goal_async(), f"{self._what} (cancel)")
        if not self._done.wait(_ANSWER):
            raise MotionStalled(f"{self._what} did not end within {_ANSWER:.0f} s after it was cancelled")


class ControlledArm:
    """Arm by FollowJointTrajectory; see lab_motion.hardware.

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
        patience: float,
    ) -> None:
        """speed: share of the planned speed that is allowed now. deceleration: at most while braking, as a
        multiple of the robot's acceleration limits. stall_tolerance: radians that the arm may lag; patience:
        seconds that it may do so, or end late.
        """
        self._node = node
        self._states = states
        self._speed = speed
        self._deceleration = deceleration * cell.robot.acceleration
        self._names = cell.robot.joint_names
        states.watch(self._names)
        self._tolerance = stall_tolerance
        self._patience = patience
        self._action = cell.robot.trajectory_action
        self._client: ActionClient = ActionClient(node, FollowJointTrajectory, self._action)
        # goals of actions cannot be listened to; recorders and displays take them from here
        self._sent = node.create_publisher(JointTrajectory, "/motion/trajectory", RELIABLE)

    def positions(self) -> FloatArray:
        """Joint positions (J,) now."""
        return self._states.positions(self._names)

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        """Send, watch and wait for the end."""
        if cancelled():
            raise ExecutionCancelled("the motion was cancelled before it began")
        paced = Paced(trajectory, max(self._speed(), _SLOWEST), self._deceleration)
        goal = self._send(trajectory_goal(paced.start()), _ANSWER)
        clock = self._node.get_clock()
        begin, wall = clock.now(), time.monotonic()
        progress = Progress(paced, self._tolerance, self._patience)
        try:
            while not goal.ended(_LOOK):
                elapsed = (clock.now() - begin).nanoseconds * 1e-9
                if cancelled():
                    raise ExecutionCancelled("the motion was cancelled, the arm holds where it is")
                watch(paced.planned(elapsed))
                progress.check(elapsed, self.positions())
                rate = max(self._speed(), _SLOWEST)
                if rate != paced.rate:
                    goal = self._change(paced, begin, rate, _ANSWER)
                if time.monotonic() - wall > _ANSWER + _SLOWEST_CLOCK * (
                    trajectory.duration / paced.rate + self._patience
                ):
                    raise MotionStalled(f"{self._action} does not end, and the clock stands still")
        except LabError:
            self._brake(paced, begin, goal)
            raise
        result = goal.result
        if not goal.succeeded or result.error_code != FollowJointTrajectory.Result.SUCCESSFUL:
            self._states.wait_until_still(self._names, _ANSWER)
            failure = _FAILURES.get(result.error_code, MotionStalled)
            raise failure(
                f"{self._action} did not carry the motion out: {result.error_string or 'it says no more'}"
            )

    def _send(self, request: FollowJointTrajectory.Goal, patience: float) -> _Goal:
        goal = _Goal(self._client, request, self._action, TrajectoryRejected, patience)
        self._sent.publish(request.trajectory)
        return goal

    def _change(self, paced: Paced, begin: Time, rate: float, patience: float) -> _Goal:
        """Go on at another rate, from where the arm really is on its path."""
        try:
            stamp, positions = self._states.newest(self._names)
            paced.align((stamp - begin).nanoseconds * 1e-9, positions)
        except StaleInputError:
            pass  # then where it should be has to do
        now = self._node.get_clock().now()
        lead, share = _AT_ONCE if self._speed() == 0.0 else _GENTLY
        rest = paced.change((now - begin).nanoseconds * 1e-9 + lead, rate, share)
        return self._send(trajectory_goal(rest, now, lead), patience)

    def _brake(self, paced: Paced, begin: Time, goal: _Goal) -> None:
        """Come to rest on the path."""
        if not goal.ended(0.0):
            try:
                goal = self._change(paced, begin, 0.0, _TAKE_OVER)
            except LabError:
                goal.stop()
        # a controller may let go of a goal before the arm has come to rest, or hold on to one for ever
        self._states.wait_until_still(self._names, _ANSWER)
        if not goal.ended(_TAKE_OVER):
            goal.stop()


class ControlledHand:
    """Hand by ParallelGripperCommand, with the wrenches of its pads if it has any; see lab_motion.hardware.

    Without them the end of a motion of the fingers tells whether something stopped them.
    """

    def __init__(self, node: Node, cell: Cell, states: JointStates, max_age: float, timeout: float) -> None:
        """max_age: of a wrench; timeout: of one motion of the fingers; seconds of the cell's clock."""
        self._node = node
        self._gripper = cell.gripper
        self._names = (cell.gripper.joint,)
        self._states = states
        states.watch(self._names)
        self._max_age = max_age
        self._timeout = timeout
        self._client: ActionClient = ActionClient(node, ParallelGripperCommand, cell.gripper.action)
        self._goal: _Goal | None = None
        self._stalled: bool | None = None
        self._wrenches: list[Latest[WrenchStamped]] = []
        for side, topic in sorted(cell.gripper.wrench_topics.items()):
            latest: Latest[WrenchStamped] = Latest(f"wrench of the {side} pad on {topic}")
            node.create_subscription(WrenchStamped, topic, latest.put, SENSOR)
            self._wrenches.append(latest)

    def reading(self) -> PadReading:
        """Opening and forces now."""
        joint = self._states.positions(self._names)
        now = self._node.get_clock().now()
        opening = float(self._gripper.opening_from_joint(joint)[0])
        if not self._wrenches:
            return PadReading(opening, stalled=self._stalled)
        left, right = (pad_force(latest.fresh(now, self._max_age)) for latest in self._wrenches)
        return PadReading(opening, (left, right), self._stalled)

    def start(self, opening: float, force: float) -> None:
        """Send the goal; a goal that is still on its way is replaced by it."""
        gripper = self._gripper
        position = float(gripper.joint_from_opening(opening))
        goal = gripper_goal(gripper.joint, position, force * gripper.lever)
        self._stalled = None
        self._goal = _Goal(self._client, goal, self._gripper.action, GripperFailed)

    def finish(self, cancelled: Cancelled) -> PadReading:
        """Wait for the end of what was started."""
        if self._goal is None:
            return self.reading()
        clock = self._node.get_clock()
        begin, wall = clock.now(), time.monotonic()
        goal, self._goal = self._goal, None
        while not goal.ended(_LOOK):
            if cancelled():
                goal.stop()
                raise ExecutionCancelled("the fingers were stopped by a cancel")
            late = (clock.now() - begin).nanoseconds * 1e-9 > self._timeout
            if late or time.monotonic() - wall > _ANSWER + _SLOWEST_CLOCK * self._timeout:
                goal.stop()
                raise GripperFailed(f"{self._gripper.action} did not end within {self._timeout:.1f} s")
        result = goal.result
        if not goal.succeeded or not (result.reached_goal or result.stalled):
            raise GripperFailed(
                f"{self._gripper.action} ended without reaching its goal or stalling on a part"
            )
        self._stalled = bool(result.stalled)
        stamp = clock.now()
        for latest in self._wrenches:
            latest.wait_for_newer(stamp, _ANSWER)
        self._states.wait_for_newer(self._names, stamp, _ANSWER)
        return self.reading()


def _let_go(answer: Future) -> None:
    if answer.result().accepted:
        answer.result().cancel_goal_async()


def _wait(future: Future, what: str, patience: float = _ANSWER) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    if not done.wait(patience):
        raise DeadlineError(f"{what} did not answer within {patience:.1f} s")
    return future.result()
