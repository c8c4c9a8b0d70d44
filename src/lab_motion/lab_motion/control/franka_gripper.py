"""The Franka Hand behind ParallelGripperCommand, which its driver does not offer.

What the driver's GripperCommand means was read in franka_ros2, franka_gripper/src/gripper_action_server.cpp:
`position` is half the distance of the fingers, `max_effort` the force between them, N. A wider goal moves, a
narrower one grasps. It says reached_goal when the fingers stopped within an epsilon of the goal, which
config/drivers/franka_hand.yaml makes as wide as the hand, and never says stalled. So where the fingers stand
afterwards tells whether something stopped them.
"""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from control_msgs.action import GripperCommand, ParallelGripperCommand
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from lab_core.errors import LabError
from lab_description import load_cell
from lab_motion.errors import GripperFailed
from lab_node.actions import RESULT_TIMEOUT, wait_for
from lab_node.diagnostics import DIAGNOSTICS, diagnostics_of
from lab_node.executor import ExecutorThread
from lab_node.freshness import Latest
from lab_node.gate import Gated
from lab_node.lifecycle import leave, on_end_signals
from lab_node.qos import SENSOR
from lab_node.rclpy_overrides import ActionClient, ThreadedActionServer, destroy_actions

# Fingers that end further than this from their goal were stopped by something, metres of opening.
_STALLED = 0.001
# Homing may find fingers that open less far than the data sheet says, and the driver aborts what is wider:
# by so much less, metres of opening, such a goal is tried once more.
_HOMED_SHORT = 0.002
# Wall seconds for answers, and for the driver's next joint state.
_ANSWER = 5.0
_LOOK = 0.01


class FrankaGripperAdapter(Gated, Node):
    """Server of the cell's gripper action, client of the driver's. A new goal takes over from the last."""

    def __init__(self, **arguments: Any) -> None:
        """Without the driver each goal is aborted, and the log says why.

        Raises ConfigurationError.
        """
        super().__init__("franka_gripper_adapter", **arguments)
        self._gripper = load_cell(self.declare_parameter("cell", "fr3_table").value).gripper
        action = self.declare_parameter("action", "franka_gripper/gripper_action").value
        self._driver = ActionClient(self, GripperCommand, action)
        self._action = action
        self._state: Latest[JointState] = Latest(f"state of {self._gripper.joint} on /joint_states")
        self.create_subscription(JointState, "joint_states", self._put, SENSOR)
        self._trouble = ""
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS, 10)
        self.create_timer(1.0, self._publish_diagnostics)
        self._newest: ServerGoalHandle | None = None
        self._moving = threading.Lock()
        self._server = ThreadedActionServer(
            self,
            ParallelGripperCommand,
            self._gripper.action,
            self._run,
            result_timeout=RESULT_TIMEOUT,
            goal_callback=self._accept,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def destroy_node(self) -> None:
        """As of every node, its actions included."""
        destroy_actions(self)
        super().destroy_node()

    def _put(self, message: JointState) -> None:
        if self._gripper.joint in message.name and message.position:
            self._state.put(message)

    def _accept(self, goal: ParallelGripperCommand.Goal) -> GoalResponse:
        command = goal.command
        limits = self._gripper.joints[self._gripper.joint]
        problem = ""
        if list(command.name) != [self._gripper.joint] or len(command.position) != 1:
            problem = f"a position of {self._gripper.joint} and nothing else was expected"
        elif not limits.lower <= command.position[0] <= limits.upper:
            problem = f"{command.position[0]} is outside {limits.lower} to {limits.upper} m"
        elif len(command.effort) > 1 or not all(math.isfinite(e) and e > 0.0 for e in command.effort):
            problem = f"the effort {list(command.effort)} is no positive number"
        if problem:
            self.get_logger().error(f"gripper goal refused: {problem}")
        return GoalResponse.REJECT if problem else GoalResponse.ACCEPT

    def _run(self, handle: ServerGoalHandle) -> ParallelGripperCommand.Result:
        self._newest = handle
        with self._moving:
            try:
                result = self._carry_out(handle)
                self._trouble = ""
                return result
            except LabError as error:
                self._trouble = str(error)
                self.get_logger().error(self._trouble)
                handle.abort()
                return ParallelGripperCommand.Result()

    def _carry_out(self, handle: ServerGoalHandle) -> ParallelGripperCommand.Result:
        command, gripper = handle.request.command, self._gripper
        wanted = command.position[0]
        force = command.effort[0] / gripper.lever if command.effort else gripper.maximum_force
        answer = self._ask_driver(handle, wanted, force)
        widest = gripper.maximum_opening - _HOMED_SHORT
        if answer is not None and not _reached(answer) and gripper.opening_from_joint(wanted) > widest:
            wanted = float(gripper.joint_from_opening(widest))
            answer = self._ask_driver(handle, wanted, force)
        if answer is None:
            return ParallelGripperCommand.Result()
        if not _reached(answer):
            raise GripperFailed(f"{self._action} failed: see the driver's log; was the hand homed?")
        position = self._position_now()
        opening, goal_opening = gripper.opening_from_joint([position, wanted])
        stalled = bool(abs(opening - goal_opening) > _STALLED)
        handle.succeed()
        state = JointState(name=[gripper.joint], position=[position])
        return ParallelGripperCommand.Result(state=state, stalled=stalled, reached_goal=not stalled)

    def _ask_driver(self, handle: ServerGoalHandle, wanted: float, force: float) -> Any:
        """The driver's answer to a position and a force, N; None when `handle` was cancelled or replaced.

        Raises GripperFailed, DeadlineError.
        """
        request = GripperCommand.Goal()
        request.command.position, request.command.max_effort = wanted, force
        if not self._driver.wait_for_server(timeout_sec=_ANSWER):
            raise GripperFailed(f"{self._action} is not there: does the driver of the hand run?")
        goal = wait_for(self._driver.send_goal_async(request), _ANSWER, self._action)
        if not goal.accepted:
            raise GripperFailed(f"{self._action} refused the goal")
        done = threading.Event()
        ended = goal.get_result_async()
        ended.add_done_callback(lambda _: done.set())
        while not done.wait(_LOOK):
            if handle.is_cancel_requested or self._newest is not handle:
                wait_for(goal.cancel_goal_async(), _ANSWER, f"{self._action} (cancel)")
                if not done.wait(_ANSWER):
                    raise GripperFailed(f"{self._action} did not end after it was cancelled")
                if handle.is_cancel_requested:
                    handle.canceled()
                else:
                    handle.abort()
                return None
        return ended.result()

    def _publish_diagnostics(self) -> None:
        """Warns while the driver is away, its hand is silent or the last goal failed."""
        trouble = self._trouble
        if self._state.peek() is None:
            trouble = f"nothing publishes {self._gripper.joint} on /joint_states"
        if not self._driver.server_is_ready():
            trouble = f"{self._action} is not there: does the driver of the hand run?"
        level = DiagnosticStatus.WARN if trouble else DiagnosticStatus.OK
        self._diagnostics.publish(diagnostics_of(self, level, trouble or "ready", self._gripper.name, {}))

    def _position_now(self) -> float:
        """Of the driven joint, measured after this call. Raises GripperFailed."""
        message = self._state.wait_for_newer(self.get_clock().now(), _ANSWER)
        if message is None:
            raise GripperFailed(f"nothing publishes {self._gripper.joint} on /joint_states")
        position: float = message.position[list(message.name).index(self._gripper.joint)]
        return position


def _reached(answer: Any) -> bool:
    return bool(answer.status == GoalStatus.STATUS_SUCCEEDED and answer.result.reached_goal)


def main() -> None:
    """Entry point."""
    # rclpy's own handling of signals raises KeyboardInterrupt wherever the main thread is at that moment
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    ended = threading.Event()
    on_end_signals(ended.set)
    try:
        node = FrankaGripperAdapter()
    except LabError as error:
        sys.exit(str(error))
    executor = ExecutorThread(node, failed=ended.set)
    ended.wait()
    leave(node, executor)
