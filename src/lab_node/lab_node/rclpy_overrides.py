"""Where the stack reaches into rclpy, each place with its issue upstream.

No other module uses a private name of rclpy or overrides what rclpy calls itself. What
test_rclpy_overrides.py fails with says which of them can go.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.action import ActionClient as RclpyActionClient
from rclpy.action import ActionServer
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.task import Future

Work = Callable[[ServerGoalHandle], Any]


class ActionClient(RclpyActionClient):
    """Loses no answer: https://github.com/ros2/rclpy/issues/1123.

    rclpy notes a request only after it has sent it: an answer that the executor's thread takes in between is
    "unexpected" and dropped, and who asked waits for ever. Here an answer waits until the request is noted.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self._sending = threading.Lock()  # rclpy adds the client to its executor while it makes it
        super().__init__(*arguments, **keywords)

    def send_goal_async(self, *arguments: Any, **keywords: Any) -> Future:
        """As of rclpy."""
        with self._sending:
            return super().send_goal_async(*arguments, **keywords)

    def _cancel_goal_async(self, goal_handle: ClientGoalHandle) -> Future:
        with self._sending:
            return super()._cancel_goal_async(goal_handle)

    def _get_result_async(self, goal_handle: ClientGoalHandle) -> Future:
        with self._sending:
            return super()._get_result_async(goal_handle)

    async def execute(self, taken_data: Any) -> None:
        """Called by the executor with what has come."""
        with self._sending:
            pass
        await super().execute(taken_data)


class ThreadedActionServer(ActionServer):
    """Executes each goal in a thread of its own; the executor only sends the result.

    A coroutine that awaits the thread would be polled without a pause:
    https://github.com/ros2/rclpy/pull/1469.
    """

    def __init__(self, node: Node, kind: Any, name: str, run: Work, **keywords: Any) -> None:
        super().__init__(node, kind, name, run, **keywords)
        self._name, self._run = name, run

    def notify_execute(self, goal_handle: ServerGoalHandle, execute_callback: Work | None) -> None:
        """Called by the handle of a goal that begins to execute."""

        def execute() -> None:
            try:
                result = self._run(goal_handle)
                super(ThreadedActionServer, self).notify_execute(goal_handle, lambda _: result)
            except Exception:
                if not is_destroyed(self._node):  # else the process ends, and nobody is left to answer
                    raise

        threading.Thread(target=execute, name=self._name, daemon=True).start()


def is_destroyed(node: Node) -> bool:
    """Whether a LabNode was destroyed, in words for other threads."""
    return bool(getattr(node, "destroyed", False))


def destroy_actions(node: Node) -> None:
    """Destroy the action clients and servers of a node, which Node.destroy_node leaves alone:
    https://github.com/ros2/rclpy/pull/319 left them for later.

    Node and action know each other, so that only the garbage collector would end them, and with them the
    middleware's participant.
    """
    for waitable in list(node.waitables):
        if isinstance(waitable, RclpyActionClient | ActionServer):
            waitable.destroy()


def destroy_state_machine(node: LifecycleNode) -> None:
    """Destroy what LifecycleNode.destroy_node leaves to the garbage collector, and with it the middleware's
    participant; no issue upstream is known.
    """
    node._state_machine.destroy_when_not_in_use()


def refuse_misfits(node: LifecycleNode, state: Callable[[], str]) -> None:
    """Answer a transition that does not fit the state with no; rclpy raises, and the node would end:
    https://github.com/ros2/rclpy/issues/1209.

    state: in words, for the log.
    """

    def guarded(change_state: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            wanted = request.transition
            known = {id: label for id, label, *_ in node._state_machine.available_transitions}
            if wanted.label in known.values() if wanted.label else wanted.id in known:
                return change_state(request, response)
            node.get_logger().warning(
                f"no transition {wanted.label or wanted.id} leads out of the state {state()}: it has"
                f" {', '.join(known.values()) or 'none'}"
            )
            response.success = False
            return response

        return answer

    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = guarded(service.callback)


def run_exit_functions() -> None:
    """Do what libraries have left for the end of the interpreter, before C takes them apart: MoveIt's threads
    would crash in that, https://github.com/moveit/moveit2/issues/3721. Python has no public name for it.
    """
    atexit._run_exitfuncs()
