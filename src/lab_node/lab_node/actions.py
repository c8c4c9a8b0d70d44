"""Actions whose work runs in a thread of its own, so that nothing blocks the executor."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from lab_interfaces.msg import Outcome
from lab_node.errors import CancelledError, DeadlineError, LabError
from lab_node.lifecycle import LabNode
from lab_node.outcomes import name_of, outcome_from

Work = Callable[[ServerGoalHandle], Any]


def serve_action(
    node: Node, kind: Any, name: str, work: Work, accept: Callable[[Any], bool] = lambda goal: True
) -> ActionServer:
    """Action server that runs `work(goal_handle) -> result` in a thread a goal.

    The work may block; it looks at goal_handle.is_cancel_requested itself and raises CancelledError. Any
    LabError becomes the outcome of an otherwise empty result; the goal ends as succeeded, canceled or aborted
    by its code.
    """

    def run(handle: ServerGoalHandle, done: Future) -> None:
        try:
            result = work(handle)
        except LabError as error:
            result = kind.Result(outcome=outcome_from(error))
        except Exception as error:  # a defect of ours: an empty result would say success
            node.get_logger().error(f"{name}: {traceback.format_exc()}")
            message = f"defect in {name}: {type(error).__name__}: {error}"
            result = kind.Result(outcome=Outcome(code=Outcome.INTERNAL_ERROR, message=message))
        if isinstance(node, LabNode):
            node.note_outcome(name, f"{name_of(result.outcome)} {result.outcome.message}".rstrip())
        _conclude(handle, result.outcome)
        done.set_result(result)

    async def execute(handle: ServerGoalHandle) -> Any:
        done = Future(executor=node.executor)
        threading.Thread(target=run, args=(handle, done), name=name, daemon=True).start()
        return await done

    return ActionServer(
        node,
        kind,
        name,
        execute,
        goal_callback=lambda goal: GoalResponse.ACCEPT if accept(goal) else GoalResponse.REJECT,
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

    Raises CancelledError once the server has ended a cancelled goal, DeadlineError after the timeout, s.
    """
    done = threading.Event()
    future = handle.get_result_async()
    future.add_done_callback(lambda _: done.set())
    waited, step = 0.0, 0.02
    while not done.wait(step):
        waited += step
        if cancelled():
            wait_for(handle.cancel_goal_async(), 5.0, f"{what} (cancel)")
            wait_for(future, 10.0, f"{what} (end after cancel)")
            raise CancelledError(f"{what} was cancelled")
        if waited > wall_timeout:
            handle.cancel_goal_async()
            raise DeadlineError(f"{what} did not end within {wall_timeout:.1f} s")
    return future.result()
