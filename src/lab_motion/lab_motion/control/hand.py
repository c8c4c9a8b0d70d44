"""Fingers behind the action ParallelGripperCommand. The methods block and belong in a worker thread."""

from __future__ import annotations

import threading
import time

from control_msgs.action import ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from rclpy.node import Node
from rclpy.time import Time

from lab_description import Cell
from lab_motion.control.goal import ANSWER, LOOK, SLOWEST_CLOCK, Controller, Goal
from lab_motion.control.joint_states import JointStates
from lab_motion.control.pad import PadForce
from lab_motion.conversions import gripper_goal
from lab_motion.errors import ExecutionCancelled, GripperFailed
from lab_motion.skills.grip.fingers import PadReading
from lab_motion.skills.hardware import Cancelled
from lab_node.qos import SENSOR


class ControlledHand:
    """Hand by ParallelGripperCommand, with the wrenches of its pads if it has any.

    The port is lab_motion.skills.hardware.Hand.
    Without them the end of a motion of the fingers tells whether something stopped them.
    """

    def __init__(self, node: Node, cell: Cell, states: JointStates, max_age: float, timeout: float) -> None:
        """max_age: of a wrench; timeout: of one motion of the fingers; seconds of the cell's clock."""
        self._node = node
        self._gripper = cell.gripper
        self._names = cell.gripper.reported_joints
        self._states = states
        states.watch(self._names)
        self._max_age = max_age
        self._timeout = timeout
        self._controller = Controller(node, ParallelGripperCommand, cell.gripper.action, GripperFailed)
        self._goal: Goal | None = None
        self._replacing = threading.Lock()
        self._stalled: bool | None = None
        self._wrenches: list[PadForce] = []
        for side, topic in sorted(cell.gripper.wrench_topics.items()):
            pad = PadForce(f"wrench of the {side} pad on {node.resolve_topic_name(topic)}")
            node.create_subscription(WrenchStamped, topic, pad.put, SENSOR)
            self._wrenches.append(pad)

    def reading(self) -> PadReading:
        """Opening and forces now."""
        opening = self._gripper.opening_at(self._states.positions(self._names))
        now = self._node.get_clock().now()
        if not self._wrenches:
            return PadReading(opening, stalled=self._stalled)
        left, right = (pad.now(now, self._max_age) for pad in self._wrenches)
        return PadReading(opening, (left, right), self._stalled)

    def take_over(self) -> None:
        """End whatever motion of the fingers somebody has begun before.

        Raises GripperFailed when the controller is away, DeadlineError.
        """
        self._controller.clear()

    def halt(self) -> None:
        """Cancel what was started and has not ended, and do not wait."""
        goal, self._goal = self._goal, None
        if goal is not None and not goal.ended():
            goal.cancel()

    def grip(self, force: float) -> None:
        """Close as far as it goes."""
        self._begin(self._gripper.minimum_opening, force)

    def tighten(self, allowed: bool) -> None:
        """Nothing: it grips with one force."""

    def release(self, opening: float, force: float) -> None:
        """Send the goal; a goal that is still on its way is replaced by it."""
        self._begin(opening, force)

    def _begin(self, opening: float, force: float, speed: float | None = None) -> None:
        """speed: of the opening, m/s; the gripper's own without one."""
        gripper = self._gripper
        position = float(gripper.joint_from_opening(opening))
        velocity = speed / gripper.lever if speed is not None else None
        goal = gripper_goal(gripper.joint, position, force * gripper.lever, velocity)
        self._stalled = None
        self._send(goal)

    def _send(self, goal: ParallelGripperCommand.Goal, awaited: bool = True) -> None:
        """It replaces the one under way, and who waits for the end of that waits for the end of this.

        awaited: somebody will wait for it also where there was none.
        """
        with self._replacing:
            sent = self._controller.send(goal)
            if awaited or self._goal is not None:
                self._goal = sent

    def finish(self, cancelled: Cancelled) -> PadReading:
        """Wait for the end of what was started."""
        goal = self._goal
        if goal is None:
            return self.reading()
        clock = self._node.get_clock()
        begin, wall = clock.now(), time.monotonic()
        try:
            while not self._ended(goal):
                goal = self._goal or goal
                if cancelled():
                    goal.stop()
                    raise ExecutionCancelled("the fingers were stopped by a cancel")
                late = (clock.now() - begin).nanoseconds * 1e-9 > self._timeout
                if late or time.monotonic() - wall > ANSWER + SLOWEST_CLOCK * self._timeout:
                    goal.stop()
                    raise GripperFailed(f"{self._controller.action} did not end within {self._timeout:.1f} s")
        finally:
            self.halt()
        result = goal.result
        if not goal.succeeded or not (result.reached_goal or result.stalled):
            raise GripperFailed(
                f"{self._controller.action} ended without reaching its goal or stalling on a part"
            )
        self._stalled = bool(result.stalled)
        self._wait_for_newer(clock.now())
        return self.reading()

    def _wait_for_newer(self, stamp: Time) -> None:
        """Until everything that `reading` takes is newer, a few seconds of the wall at most."""
        for pad in self._wrenches:
            pad.begin_anew(stamp, ANSWER)
        self._states.wait_for_newer(self._names, stamp, ANSWER)

    def _ended(self, goal: Goal) -> bool:
        """Whether it has, and not because another one replaced it. Waits a moment."""
        if not goal.ended(LOOK):
            return False
        with self._replacing:
            if self._goal is goal:
                self._goal = None  # from now on nobody waits
            return self._goal is None
