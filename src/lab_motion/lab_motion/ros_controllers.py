"""Arm and hand behind ros2_control's actions. The methods block and belong in a worker thread."""

from __future__ import annotations

import threading
import time
from typing import Any

from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from lab_grasping.contact import PadReading
from lab_node.errors import DeadlineError, LabError
from lab_node.freshness import Latest
from lab_node.qos import RELIABLE, SENSOR
from rclpy.action import ActionClient
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
from lab_motion.planner import Trajectory
from lab_motion.progress import Progress

# Wall seconds between two looks at what goes on; a result wakes at once.
_LOOK = 0.01
# Wall seconds for answers that need no motion: acceptance of a goal, end of a cancelled one.
_ANSWER = 5.0
# Joints slower than this stand, radians per second.
_STILL = 0.005
# A motion may take this many wall seconds for each second of the cell's clock, before the clock counts as
# stopped.
_SLOWEST_CLOCK = 50.0

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
        now = self._node.get_clock().now()
        return ordered_positions(self._latest[names].fresh(now, self._max_age), names)

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

        Raises MotionStalled when they still move after the timeout, or no state comes.
        """
        deadline = time.monotonic() + wall_timeout
        stamp = self._node.get_clock().now()
        latest = self._latest[names]
        while (message := latest.wait_for_newer(stamp, deadline - time.monotonic())) is not None:
            speeds = dict(zip(message.name, message.velocity, strict=False))
            if all(abs(speeds.get(name, 0.0)) < _STILL for name in names):
                return
            stamp = Time.from_msg(message.header.stamp) + Duration(nanoseconds=1)
        raise MotionStalled(f"the arm was told to stop and still moved {wall_timeout:.0f} s later")


class _Goal:
    """A goal on its way: sent, accepted, ended."""

    def __init__(
        self, client: ActionClient[Any, Any, Any], goal: Any, what: str, refused: type[LabError]
    ) -> None:
        """Raises `refused` when the server is away or does not take the goal."""
        self._what = what
        if not client.wait_for_server(timeout_sec=_ANSWER):
            raise refused(f"{what} is not there: is the controller active?")
        self._handle = _wait(client.send_goal_async(goal), f"{what}")
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

    def stop(self) -> None:
        """Cancel and wait until the controller has let go."""
        _wait(self._handle.cancel_goal_async(), f"{self._what} (cancel)")
        if not self._done.wait(_ANSWER):
            raise MotionStalled(f"{self._what} did not end within {_ANSWER:.0f} s after it was cancelled")


class ControlledArm:
    """Arm by FollowJointTrajectory; see lab_motion.hardware."""

    def __init__(
        self, node: Node, cell: Cell, states: JointStates, stall_tolerance: float, patience: float
    ) -> None:
        """stall_tolerance: radians that the arm may lag; patience: seconds that it may do so, or end late."""
        self._node = node
        self._states = states
        self._names = cell.robot.joint_names
        states.watch(self._names)
        self._tolerance = stall_tolerance
        self._patience = patience
        self._action = cell.robot.trajectory_action
        self._client: ActionClient[Any, Any, Any] = ActionClient(node, FollowJointTrajectory, self._action)
        # goals of actions cannot be listened to; recorders and displays take them from here
        self._sent = node.create_publisher(JointTrajectory, "/motion/trajectory", RELIABLE)

    def positions(self) -> FloatArray:
        """Joint positions (J,) now."""
        return self._states.positions(self._names)

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        """Send, watch and wait for the end."""
        request = trajectory_goal(trajectory)
        goal = _Goal(self._client, request, self._action, TrajectoryRejected)
        self._sent.publish(request.trajectory)
        clock = self._node.get_clock()
        begin, wall = clock.now(), time.monotonic()
        progress = Progress(trajectory, self._tolerance, self._patience)
        try:
            while not goal.ended(_LOOK):
                elapsed = (clock.now() - begin).nanoseconds * 1e-9
                if cancelled():
                    raise ExecutionCancelled("the motion was cancelled, the arm holds where it is")
                watch(elapsed)
                progress.check(elapsed, self.positions())
                if time.monotonic() - wall > _ANSWER + _SLOWEST_CLOCK * (
                    trajectory.duration + self._patience
                ):
                    raise MotionStalled(f"{self._action} does not end, and the clock stands still")
        except LabError:
            # a controller lets go of a cancelled goal before the arm has come to rest
            goal.stop()
            self._states.wait_until_still(self._names, _ANSWER)
            raise
        result = goal.result
        if result.error_code != FollowJointTrajectory.Result.SUCCESSFUL:
            failure = _FAILURES.get(result.error_code, ExecutionError)
            raise failure(f"{self._action}: {result.error_string or f'error {result.error_code}'}")


class ControlledHand:
    """Hand by ParallelGripperCommand, with the wrenches of its pads; see lab_motion.hardware."""

    def __init__(self, node: Node, cell: Cell, states: JointStates, max_age: float, timeout: float) -> None:
        """max_age: of a wrench; timeout: of one motion of the fingers; seconds of the cell's clock."""
        self._node = node
        self._gripper = cell.gripper
        self._names = (cell.gripper.joint,)
        self._states = states
        states.watch(self._names)
        self._max_age = max_age
        self._timeout = timeout
        self._client: ActionClient[Any, Any, Any] = ActionClient(
            node, ParallelGripperCommand, cell.gripper.action
        )
        self._goal: _Goal | None = None
        self._wrenches: list[Latest[WrenchStamped]] = []
        for side in ("left", "right"):
            topic = cell.gripper.wrench_topics[side]
            latest: Latest[WrenchStamped] = Latest(f"wrench of the {side} pad on {topic}")
            node.create_subscription(WrenchStamped, topic, latest.put, SENSOR)
            self._wrenches.append(latest)

    def reading(self) -> PadReading:
        """Opening and forces now."""
        joint = self._states.positions(self._names)
        now = self._node.get_clock().now()
        left, right = (pad_force(latest.fresh(now, self._max_age)) for latest in self._wrenches)
        return PadReading(float(self._gripper.opening_from_joint(joint)[0]), (left, right))

    def start(self, opening: float, force: float) -> None:
        """Send the goal; a goal that is still on its way is replaced by it."""
        gripper = self._gripper
        position = float(gripper.joint_from_opening(opening))
        goal = gripper_goal(gripper.joint, position, force * gripper.lever)
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
        if not (result.reached_goal or result.stalled):
            raise GripperFailed(
                f"{self._gripper.action} ended without reaching its goal or stalling on a part"
            )
        stamp = clock.now()
        for latest in self._wrenches:
            latest.wait_for_newer(stamp, _ANSWER)
        self._states.wait_for_newer(self._names, stamp, _ANSWER)
        return self.reading()


def _wait(future: Future, what: str) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    if not done.wait(_ANSWER):
        raise DeadlineError(f"{what} did not answer within {_ANSWER:.0f} s")
    return future.result()
