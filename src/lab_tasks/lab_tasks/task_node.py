"""Node that runs the cell's task. Actions, topics and parameters: see README."""

from __future__ import annotations

import math
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path

from lab_interfaces.action import ClearTable
from lab_interfaces.msg import Attempt, TaskStatus
from rclpy.action.server import ServerGoalHandle
from std_msgs.msg import Header

from lab_core.errors import UnavailableError
from lab_core.outcomes import OutcomeCode
from lab_core.parameters import parameter
from lab_description import config_directory, load_cell
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import name_of
from lab_node.lifecycle import LabNode, spin
from lab_node.permit import Permit
from lab_node.qos import HISTORY, LATCHED
from lab_tasks import clear_table
from lab_tasks.conversions import attempt_message, left_message, outcome_message
from lab_tasks.job import Attempt as JobAttempt
from lab_tasks.job import Job
from lab_tasks.ledger import Failure
from lab_tasks.policy import load_policy
from lab_tasks.ros_skills import RosSkills

PATIENCE = 3.0
"""Seconds of the wall: a launch that ends kills after five."""


@dataclass(frozen=True)
class TaskParameters:
    """Parameters of the task node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    task: str = parameter(
        "none", "The task that starts when the node is activated.", choices=("none", "clear_table")
    )
    run: str = parameter("", "The identity of this run of the cell. Every status message has it.")
    policy: str = parameter(
        "clear_table",
        "How the task reacts to each outcome: a name in config/tasks or the path of a YAML file.",
    )


class TaskNode(LabNode):
    """Clears the table: on the action `/clear_table`, or by itself when activated."""

    Parameters = TaskParameters

    def configure(self) -> None:
        """Read the policy and connect to the cell."""
        named = Path(self.parameters.policy)
        path = named if named.suffix else config_directory() / "tasks" / f"{named}.yaml"
        self._policy = load_policy(path)
        self._frame = load_cell(self.parameters.cell).robot.base_link
        self._skills = RosSkills(self)
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
            ClearTable,
            "clear_table",
            self._serve,
            lambda goal: self._active and self._reserved.acquire(blocking=False),
        )

    def activate(self) -> None:
        """Take goals; start the task of the parameter `task`."""
        if self.parameters.task == "clear_table" and not self._reserved.acquire(blocking=False):
            raise UnavailableError("the task of before has not come to its end yet: activate again later")
        self._active = True
        self._publish()
        if self.parameters.task == "clear_table":
            self._thread = threading.Thread(
                target=self._clear_table, args=(0, None), name="task", daemon=True
            )
            self._thread.start()

    def deactivate(self) -> None:
        """Stop: the task under way is cancelled, and waited for as long as other nodes may be ending too."""
        self._active = False
        if (job := self._job) is not None:
            job.cancel()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE)

    def _serve(self, goal: ServerGoalHandle) -> ClearTable.Result:
        return self._clear_table(goal.request.max_parts, goal)

    def _clear_table(self, max_parts: int, goal: ServerGoalHandle | None) -> ClearTable.Result:
        """Result of a task that was reserved; afterwards there is room for the next."""
        try:
            return self._run(max_parts, goal)
        finally:
            self._job = None
            self._reserved.release()

    def _run(self, max_parts: int, goal: ServerGoalHandle | None) -> ClearTable.Result:
        def progress(phase: str) -> None:
            self._publish(phase)
            if goal is not None:
                goal.publish_feedback(ClearTable.Feedback(status=self._status))

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

        self._job = job = Job(self._policy, self._skills, max_parts, report, progress, interrupted)
        if not self._active:  # it was deactivated meanwhile
            job.cancel()
        try:
            clear_table.run(job)
            failure = job.outcome()
        except Exception as error:  # a defect of ours: the books are told all the same
            self.get_logger().error(f"clear_table: {traceback.format_exc()}")
            defect = f"defect in the task: {type(error).__name__}: {error}"
            failure = Failure(OutcomeCode.INTERNAL_ERROR, "task", defect)
        ledger = job.ledger
        result = ClearTable.Result(
            outcome=outcome_message(failure),
            presented=ledger.presented,
            placed=ledger.placed,
            lost=ledger.lost,
            attempts=ledger.attempts,
            successes=ledger.placed,
            left=[left_message(record) for record in ledger.left],
        )
        self._status.outcome, self._status.left = result.outcome, result.left
        self._publish("done")
        self.note_outcome("clear_table", f"{name_of(result.outcome)} {result.outcome.message}".rstrip())
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
        self._status_publisher.publish(status)


def main() -> None:
    """Executable."""
    spin(lambda: TaskNode("tasks"))
