"""Node that runs the cell's task. Actions, topics and parameters: see README."""

from __future__ import annotations

import math
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab_interfaces.action import RunOrder
from lab_interfaces.msg import Attempt, TaskStatus
from rclpy.action.server import ServerGoalHandle
from std_msgs.msg import Header

from lab_core.errors import LabError, UnavailableError
from lab_core.outcomes import OutcomeCode
from lab_core.parameters import parameter, plugin_parameters
from lab_description import config_directory, load_cell
from lab_language.grounding.port import GROUNDERS
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import name_of
from lab_node.lifecycle import LabNode, spin
from lab_node.permit import Permit
from lab_node.qos import HISTORY, LATCHED
from lab_tasks import order_tree
from lab_tasks.conversions import (
    attempt_message,
    left_message,
    line_results,
    lines_from,
    outcome_message,
)
from lab_tasks.job import Attempt as JobAttempt
from lab_tasks.job import Job
from lab_tasks.ledger import Failure
from lab_tasks.orders.order import Order, understood
from lab_tasks.orders.sources import read_order
from lab_tasks.policy import load_policy
from lab_tasks.ros_skills import RosSkills

PATIENCE = 3.0
"""Seconds of the wall: a launch that ends kills after five."""


@dataclass(frozen=True)
class TaskParameters:
    """Parameters of the task node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    order: str = parameter(
        "",
        "The order that starts when the node is activated: a name in config/orders, the path of a YAML file,"
        " or a sentence. Empty: none.",
    )
    grounder: str = parameter(
        "attributes",
        "Says how well words fit a part: a name that is registered in lab_language.grounders.",
        port=GROUNDERS,
    )
    run: str = parameter("", "The identity of this run of the cell. Every status message has it.")
    policy: str = parameter(
        "standard",
        "How the task reacts to each outcome: a name in config/tasks or the path of a YAML file.",
    )
    plugins: dict[str, Any] = plugin_parameters()


class TaskNode(LabNode):
    """Carries out orders: on the action `/run_order`, or one by itself when activated."""

    Parameters = TaskParameters

    def configure(self) -> None:
        """Read the policy and connect to the cell."""
        named = Path(self.parameters.policy)
        path = named if named.suffix else config_directory() / "tasks" / f"{named}.yaml"
        self._policy = load_policy(path)
        cell = load_cell(self.parameters.cell)
        self._frame = cell.robot.base_link
        self._destinations = list(cell.destinations)
        self._first_order: Order | None = None
        if self.parameters.order:
            lines = read_order(self.parameters.order, self._destinations)
            self._first_order = understood(lines, self._destinations)
        self._grounder = self.make_plugin(GROUNDERS, self.parameters.grounder)
        if notice := getattr(self._grounder, "notice", ""):
            self.get_logger().warning(notice)
        self._skills = RosSkills(self, getattr(self._grounder, "sees_images", False))
        self._permit = Permit(self, max_age=math.inf)  # what is silent is the business of who moves
        self._job: Job | None = None
        self._reserved = threading.Lock()  # from when a task is accepted until its books are closed
        self._active = False
        self._thread: threading.Thread | None = None
        self._status = TaskStatus(phase="idle", run=self.parameters.run)
        self._status_publisher = self.create_publisher(TaskStatus, "task/status", LATCHED)
        self._attempt_publisher = self.create_publisher(Attempt, "task/attempts", HISTORY)
        serve_action(
            self,
            RunOrder,
            "run_order",
            self._serve,
            lambda goal: self._active and self._reserved.acquire(blocking=False),
        )

    def activate(self) -> None:
        """Take goals; start the order of the parameter `order`."""
        first = self._first_order
        if first is not None and not self._reserved.acquire(blocking=False):
            raise UnavailableError("the task of before has not come to its end yet: activate again later")
        self._active = True
        self._publish()
        if first is not None:
            self._thread = threading.Thread(
                target=self._carry_out, args=(first, 0, None), name="task", daemon=True
            )
            self._thread.start()

    def deactivate(self) -> None:
        """Stop: the task under way is cancelled, and waited for as long as other nodes may be ending too."""
        self._active = False
        if (job := self._job) is not None:
            job.cancel()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE)

    def _serve(self, goal: ServerGoalHandle) -> RunOrder.Result:
        try:
            order = understood(lines_from(goal.request.lines), self._destinations)
        except LabError:
            self._reserved.release()
            raise
        return self._carry_out(order, goal.request.max_parts, goal)

    def _carry_out(self, order: Order, max_parts: int, goal: ServerGoalHandle | None) -> RunOrder.Result:
        """Result of a task that was reserved; afterwards there is room for the next."""
        try:
            return self._run(order, max_parts, goal)
        finally:
            self._job = None
            self._reserved.release()

    def _run(self, order: Order, max_parts: int, goal: ServerGoalHandle | None) -> RunOrder.Result:
        def progress(phase: str) -> None:
            self._publish(phase)
            if goal is not None:
                goal.publish_feedback(RunOrder.Feedback(status=self._status))

        def report(attempt: JobAttempt) -> None:
            message = attempt_message(
                attempt, Header(stamp=self.get_clock().now().to_msg(), frame_id=self._frame)
            )
            self._status.outcome = message.outcome
            self._attempt_publisher.publish(message)
            said = f"placed in {message.destination}" if message.destination else message.outcome.message
            self.get_logger().info(f"{message.object_id}: {name_of(message.outcome)} {said}")

        stops = self._permit.stops

        def interrupted() -> Failure | None:
            stopped = self._permit.stopped_since(stops)
            if stopped is not None:
                return Failure.of(stopped)
            if goal is not None and goal.is_cancel_requested:
                return Failure(OutcomeCode.CANCELLED, "task", "the task was cancelled")
            return None

        self.get_logger().info(f"order: {order}")
        self._job = job = Job(
            order, self._policy, self._skills, max_parts, report, progress, interrupted, self._grounder
        )
        if not self._active:  # it was deactivated meanwhile
            job.cancel()
        try:
            order_tree.run(job)
            failure = job.outcome()
        except Exception as error:  # a defect of ours: the books are told all the same
            self.get_logger().error(f"run_order: {traceback.format_exc()}")
            defect = f"defect in the task: {type(error).__name__}: {error}"
            failure = Failure(OutcomeCode.INTERNAL_ERROR, "task", defect)
        ledger = job.ledger
        result = RunOrder.Result(
            outcome=outcome_message(failure),
            presented=ledger.presented,
            placed=ledger.placed,
            lost=ledger.lost,
            attempts=ledger.attempts,
            successes=ledger.placed,
            lines=line_results(job.lines, ended=True),
            left=[left_message(record) for record in ledger.left],
        )
        self._status.outcome, self._status.left = result.outcome, result.left
        self._status.lines = result.lines
        self._publish("done")
        self.note_outcome("run_order", f"{name_of(result.outcome)} {result.outcome.message}".rstrip())
        return result

    def _publish(self, phase: str | None = None) -> None:
        status = self._status
        status.header.stamp = self.get_clock().now().to_msg()
        status.phase = phase or status.phase
        if (job := self._job) is not None:
            ledger, attempt = job.ledger, job.attempt
            status.object_id = attempt.record.object.id if attempt is not None else ""
            status.placed, status.successes, status.attempts = ledger.placed, ledger.placed, ledger.attempts
            status.presented, status.visible = ledger.presented, len(ledger.left)
            status.lost = ledger.lost
            if phase != "done":
                status.lines = line_results(job.lines, ended=False)
        self._status_publisher.publish(status)


def main() -> None:
    """Executable."""
    spin(lambda: TaskNode("tasks"))
