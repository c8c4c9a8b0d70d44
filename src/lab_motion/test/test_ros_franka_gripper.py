"""The adapter against a node that answers as franka_gripper's source says."""

from __future__ import annotations

import os
import threading
import time

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from control_msgs.action import GripperCommand, ParallelGripperCommand
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import CancelResponse, GoalResponse
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState

from lab_description import load_cell
from lab_motion.control.franka_gripper import FrankaGripperAdapter
from lab_node.actions import wait_for
from lab_node.qos import SENSOR
from lab_node.rclpy_overrides import ActionClient, ThreadedActionServer, destroy_actions

GRIPPER = load_cell("fr3_table").gripper
JOINT = GRIPPER.joint
WAIT = 30.0


class FrankaGripper(Node):
    """The hand and its driver: `part` stops the fingers, `slow` lets them take their time, `homed` is how far
    they open.
    """

    def __init__(self) -> None:
        super().__init__("franka_gripper")
        self.width, self.part, self.slow, self.broken = 0.08, 0.0, False, False
        self.homed = 0.08
        self.forces: list[float] = []
        self._tick = threading.Event()  # nobody sets it: the fingers take their time
        self._states = self.create_publisher(JointState, "/joint_states", SENSOR)
        self.create_timer(1.0 / 30.0, self._publish)
        self._server = ThreadedActionServer(
            self,
            GripperCommand,
            "~/gripper_action",
            self._move,
            goal_callback=lambda goal: GoalResponse.ACCEPT,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def _publish(self) -> None:
        message = JointState(name=["fr3_finger_joint1", "fr3_finger_joint2"], position=[self.width / 2] * 2)
        message.velocity = message.effort = [0.0, 0.0]
        message.header.stamp = self.get_clock().now().to_msg()
        self._states.publish(message)

    def _move(self, handle) -> GripperCommand.Result:
        command, result = handle.request.command, GripperCommand.Result()
        target = 2.0 * command.position
        if target > self.homed or target < 0.0 or self.broken:
            handle.abort()
            return result
        self.forces.append(command.max_effort)
        end = max(target, self.part) if target < self.width else target
        while abs(self.width - end) > 1e-9:
            if handle.is_cancel_requested:
                handle.canceled()
                return result
            step = 1e-5 if self.slow else 1e-3
            self.width += max(-step, min(step, end - self.width))
            self._tick.wait(0.001)
        result.reached_goal, result.position = True, self.width
        handle.succeed()
        return result


@pytest.fixture
def hand():
    os.environ["ROS_DOMAIN_ID"] = "97"
    rclpy.init()
    driver = FrankaGripper()
    adapter = FrankaGripperAdapter(parameter_overrides=[Parameter("cell", value="fr3_table")])
    caller = Node("caller")
    client = ActionClient(caller, ParallelGripperCommand, GRIPPER.action)
    executor = SingleThreadedExecutor()
    for node in (driver, adapter, caller):
        executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    driver.told = []
    caller.create_subscription(DiagnosticArray, "/diagnostics", lambda m: driver.told.extend(m.status), 10)
    driver.ask = lambda *goal: client.send_goal_async(command(*goal))
    assert client.wait_for_server(WAIT)
    yield driver
    executor.shutdown()
    thread.join(5.0)
    for node in (driver, adapter, caller):
        destroy_actions(node)
        node.destroy_node()
    rclpy.try_shutdown()


def command(opening, effort=None, name=JOINT):
    goal = ParallelGripperCommand.Goal()
    goal.command.name = [name]
    goal.command.position = [float(GRIPPER.joint_from_opening(opening))]
    goal.command.effort = [] if effort is None else [effort]
    return goal


def carried_out(future):
    handle = wait_for(future, WAIT, "acceptance")
    assert handle.accepted
    return wait_for(handle.get_result_async(), WAIT, "result")


def test_fingers_that_arrive_have_not_stalled(hand):
    answer = carried_out(hand.ask(0.05))
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert answer.result.reached_goal
    assert not answer.result.stalled
    assert hand.width == pytest.approx(0.05)


def test_a_part_stalls_them_and_is_held_with_the_force_that_was_asked_for(hand):
    hand.part = 0.03
    answer = carried_out(hand.ask(0.0, 20.0 * GRIPPER.lever))
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert answer.result.stalled
    assert not answer.result.reached_goal
    assert answer.result.state.position[0] == pytest.approx(0.015)
    assert hand.forces == [pytest.approx(20.0)]


def test_it_tells_on_diagnostics_that_it_is_ready_and_what_failed(hand):
    def said(words):
        deadline, pause = time.monotonic() + 60.0, threading.Event()
        while not any(s.name == "franka_gripper_adapter" and words in s.message for s in list(hand.told)):
            assert time.monotonic() < deadline, [status.message for status in hand.told]
            pause.wait(0.05)

    said("ready")
    hand.broken = True
    carried_out(hand.ask(0.05))
    said("was the hand homed?")


def test_a_cancel_stops_them(hand):
    hand.slow = True
    handle = wait_for(hand.ask(0.0), WAIT, "acceptance")
    wait_for(handle.cancel_goal_async(), WAIT, "cancel")
    assert wait_for(handle.get_result_async(), WAIT, "result").status == GoalStatus.STATUS_CANCELED
    assert hand.width > 0.03


def test_a_new_goal_takes_over(hand):
    hand.slow = True
    first = wait_for(hand.ask(0.0), WAIT, "acceptance").get_result_async()
    second = carried_out(hand.ask(0.08))
    assert wait_for(first, WAIT, "result").status == GoalStatus.STATUS_ABORTED
    assert second.status == GoalStatus.STATUS_SUCCEEDED
    assert hand.width == pytest.approx(0.08)


def test_a_driver_that_fails_is_no_success(hand):
    hand.broken = True
    assert carried_out(hand.ask(0.05)).status == GoalStatus.STATUS_ABORTED


def test_a_hand_that_was_homed_short_opens_as_far_as_it_goes(hand):
    """Its driver aborts a goal that is wider than what homing found."""
    hand.homed, hand.width = 0.0793, 0.05
    answer = carried_out(hand.ask(0.08))
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert answer.result.reached_goal
    assert 0.0775 < hand.width < hand.homed


def test_a_hand_that_was_homed_far_too_short_is_no_success(hand):
    hand.homed, hand.width = 0.06, 0.05
    assert carried_out(hand.ask(0.08)).status == GoalStatus.STATUS_ABORTED


@pytest.mark.parametrize("goal", [(0.05, -1.0), (0.05, float("nan")), (0.05, 10.0, "finger")])
def test_goals_that_cannot_be_meant(hand, goal):
    assert not wait_for(hand.ask(*goal), WAIT, "answer").accepted
