"""An action of a controller: goals that are watched, and an end to those that nobody watches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.node import Node
from rclpy.task import Future

from lab_core.errors import DeadlineError, LabError
from lab_motion.errors import MotionStalled
from lab_node.actions import wait_for
from lab_node.rclpy_overrides import ActionClient

# Wall seconds between two looks at what goes on; a result wakes at once.
LOOK = 0.01
# Wall seconds for answers that need no motion: acceptance of a goal, end of a cancelled one.
ANSWER = 5.0
# A motion may take this many wall seconds for each second of the cell's clock, before the clock counts as
# stopped.
SLOWEST_CLOCK = 50.0


class Controller:
    """One action server of a robot's or gripper's controller."""

    def __init__(self, node: Node, kind: Any, action: str, refused: type[LabError]) -> None:
        """refused: raised when the server is away or does not take a goal."""
        self.action = node.resolve_service_name(action)
        self._refused = refused
        self._client: ActionClient = ActionClient(node, kind, action)
        self._cancel = node.create_client(CancelGoal, f"{action}/_action/cancel_goal")

    def send(self, request: Any, timeout: float = ANSWER) -> Goal:
        """Have a goal carried out, accepted within so many seconds of the wall.

        Raises what was given as `refused`, or DeadlineError when there is no answer; nothing goes on then.
        """
        self._require(timeout)
        heard: deque[Any] = deque(maxlen=1)
        answer = self._client.send_goal_async(request, lambda message: heard.append(message.feedback))
        try:
            handle = wait_for(answer, timeout, self.action)
        except DeadlineError:
            answer.add_done_callback(_let_go)  # nobody would watch what it begins then
            self.cancel_all()  # should the answer be lost for good
            raise
        if not handle.accepted:
            raise self._refused(
                f"{self.action} refused the goal: is the controller active and the joint list right?"
            )
        return Goal(handle, self.action, heard)

    def cancel_all(self) -> Future | None:
        """Cancel every goal, whoever sent it, and do not wait; None when there is nobody to ask.

        A goal id of zeros and a stamp of zero mean all goals (action_msgs/srv/CancelGoal).
        """
        return self._cancel.call_async(CancelGoal.Request()) if self._cancel.service_is_ready() else None

    def clear(self) -> None:
        """Cancel every goal and wait for the answer.

        Raises what was given as `refused` when the server is away, DeadlineError when it is silent.
        """
        self._require(ANSWER)
        if not self._cancel.wait_for_service(ANSWER):
            raise DeadlineError(f"{self.action} offers no way to cancel goals within {ANSWER:.1f} s")
        answer = self.cancel_all()
        if answer is not None:
            wait_for(answer, ANSWER, f"{self.action} (cancel)")

    def _require(self, timeout: float) -> None:
        if not self._client.wait_for_server(timeout_sec=timeout):
            raise self._refused(f"{self.action} is not there: is the controller active?")


class Goal:
    """A goal that was accepted."""

    def __init__(self, handle: Any, what: str, heard: Sequence[Any]) -> None:
        """heard: its newest feedback, nothing before the first."""
        self._handle, self._what, self._heard = handle, what, heard
        self._done = threading.Event()
        self._future: Future = handle.get_result_async()
        self._future.add_done_callback(lambda _: self._done.set())

    def ended(self, wall: float = 0.0) -> bool:
        """Wait for the end, at most this long."""
        return self._done.wait(wall)

    @property
    def feedback(self) -> Any | None:
        """The newest, None before the first."""
        return next(iter(self._heard), None)

    @property
    def result(self) -> Any:
        """Of an ended goal."""
        return self._future.result().result

    @property
    def succeeded(self) -> bool:
        """Whether an ended goal did; a controller may abort without an error code."""
        return bool(self._future.result().status == GoalStatus.STATUS_SUCCEEDED)

    def cancel(self) -> Future:
        """Ask for the end, and do not wait."""
        return self._handle.cancel_goal_async()

    def stop(self) -> None:
        """Cancel and wait until the controller has let go.

        Raises DeadlineError, MotionStalled.
        """
        wait_for(self.cancel(), ANSWER, f"{self._what} (cancel)")
        if not self._done.wait(ANSWER):
            raise MotionStalled(f"{self._what} did not end within {ANSWER:.0f} s after it was cancelled")


def _let_go(answer: Future) -> None:
    if answer.result().accepted:
        answer.result().cancel_goal_async()
