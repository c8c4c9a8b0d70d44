"""Actions whose work runs in a thread of its own, so that nothing blocks the executor."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from lab_interfaces.msg import Outcome
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from lab_core.errors import CancelledError, DeadlineError, InvalidRequestError, LabError, UnavailableError
from lab_node.conversions.outcomes import name_of, outcome_from
from lab_node.lifecycle import LabNode
from lab_node.message_rules import defect
from lab_node.rclpy_overrides import ThreadedActionServer, is_destroyed

RESULT_TIMEOUT = 60
"""Wall seconds for which a server keeps a goal that has ended, with its request: rclpy would keep the
trajectories of a quarter of an hour, tens of megabytes."""
# wall seconds
_ASK_AGAIN = 2.0

Work = Callable[[ServerGoalHandle], Any]


def serve_action(
    node: Node, kind: Any, name: str, work: Work, accept: Callable[[Any], bool] = lambda goal: True
) -> ActionServer:
    """Action server that runs `work(goal_handle) -> result` in a thread a goal.

    The work may block; it looks at goal_handle.is_cancel_requested itself and raises CancelledError. A goal
    that breaks a rule of messages (lab_node.message_rules) never reaches it. Any LabError becomes the outcome
    of an otherwise empty result; the goal ends as succeeded, canceled or aborted by its code.
    """
    name = node.resolve_service_name(name)

    def take(goal: Any) -> GoalResponse:
        # one that breaks a rule is taken without asking `accept`: its result says what is wrong with it
        return GoalResponse.ACCEPT if defect(goal) or accept(goal) else GoalResponse.REJECT

    def run(handle: ServerGoalHandle) -> Any:
        try:
            if wrong := defect(handle.request):
                raise InvalidRequestError(f"the goal of {name} cannot be meant: {wrong}")
            result = work(handle)
        except LabError as error:
            result = kind.Result(outcome=outcome_from(error))
        except Exception as error:  # a defect of ours: an empty result would say success
            if is_destroyed(node):
                raise
            node.get_logger().error(f"{name}: {traceback.format_exc()}")
            message = f"defect in {name}: {type(error).__name__}: {error}"
            result = kind.Result(outcome=Outcome(code=Outcome.INTERNAL_ERROR, message=message))
        if isinstance(node, LabNode):
            node.note_outcome(name, f"{name_of(result.outcome)} {result.outcome.message}".rstrip())
        _conclude(handle, result.outcome)
        return result

    return ThreadedActionServer(
        node,
        kind,
        name,
        run,
        result_timeout=RESULT_TIMEOUT,
        goal_callback=take,
        cancel_callback=lambda goal: CancelResponse.ACCEPT,
    )


def _conclude(handle: ServerGoalHandle, outcome: Outcome) -> None:
    if outcome.code == Outcome.SUCCESS:
        handle.succeed()
    elif outcome.code == Outcome.CANCELLED and handle.is_cancel_requested:
        handle.canceled()
    else:
        handle.abort()


def wait_for(future: Future, wall_timeout: float, what: str) -> Any:
    """Result of a future, waited for in a worker thread while the executor spins elsewhere.

    Raises DeadlineError, which names `what`, after the timeout, seconds.
    """
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    if not done.wait(wall_timeout):
        raise DeadlineError(f"{what} did not answer within {wall_timeout:.1f} s")
    return future.result()


def result_of(handle: ClientGoalHandle, cancelled: Callable[[], bool], wall_timeout: float, what: str) -> Any:
    """Result of an accepted goal, waited for in a worker thread; cancels it when `cancelled` says so.

    Raises CancelledError once the server has ended a cancelled goal, DeadlineError after the timeout, s, and
    UnavailableError when the server was started anew and knows nothing of the goal.
    """
    done = threading.Event()
    asked: list[Future] = []

    def ask() -> None:
        asked.append(handle.get_result_async())
        asked[-1].add_done_callback(lambda _: done.set())

    ask()
    waited, step = 0.0, 0.02
    while not done.wait(step):
        waited += step
        if cancelled():
            wait_for(handle.cancel_goal_async(), 5.0, f"{what} (cancel)")
            if not done.wait(10.0):
                raise DeadlineError(f"{what} did not end within 10 s after it was cancelled")
            raise CancelledError(f"{what} was cancelled")
        if waited > wall_timeout:
            handle.cancel_goal_async()
            raise DeadlineError(f"{what} did not end within {wall_timeout:.1f} s")
        if waited > len(asked) * _ASK_AGAIN:
            ask()  # a server that has ended never answers: the one that runs now is asked
    result = next(future for future in asked if future.done()).result()
    if result.status == GoalStatus.STATUS_UNKNOWN:
        raise UnavailableError(f"the node of {what} was started anew and knows nothing of the goal")
    return result
