"""rclpy's action client, made safe for use beside the executor's thread."""

from __future__ import annotations

import threading
from typing import Any

from rclpy.action import ActionClient as RclpyActionClient
from rclpy.action import ActionServer
from rclpy.action.client import ClientGoalHandle
from rclpy.node import Node
from rclpy.task import Future


class ActionClient(RclpyActionClient):
    """Loses no answer.

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


def destroy_actions(node: Node) -> None:
    """Destroy the action clients and servers of a node, which Node.destroy_node leaves alone.

    Node and action know each other, so that only the garbage collector would end them, and with them the
    middleware's participant.
    """
    for waitable in list(node.waitables):
        if isinstance(waitable, RclpyActionClient | ActionServer):
            waitable.destroy()
