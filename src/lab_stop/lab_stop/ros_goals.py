"""Cancels what the cell's controllers do, and knows which of them has answered."""

from __future__ import annotations

import time
from collections.abc import Iterable

from action_msgs.srv import CancelGoal
from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future

# wall seconds without an answer, after which somebody has to know
_PATIENCE = 1.0


class ControllerGoals:
    """The goals of the cell's controllers, whoever has sent them.

    A controller that is told to cancel holds its joints where they are. Fingers that press on a part go on: a
    grip that was reached is not a goal any more.
    """

    def __init__(self, node: Node, actions: Iterable[str]) -> None:
        """actions: names of the controllers' actions."""
        self._node = node
        self._clients: dict[str, Client] = {
            action: node.create_client(CancelGoal, f"{action}/_action/cancel_goal") for action in actions
        }
        self._asked: dict[str, Future] = {}
        self._silent_since: dict[str, float] = {}
        self._told: set[str] = set()

    def cancel(self) -> None:
        """Ask every controller that is there to cancel all its goals."""
        self.unanswered()
        self._drop_questions()
        now = time.monotonic()
        for action, client in self._clients.items():
            self._silent_since.setdefault(action, now)
            if client.service_is_ready():
                self._asked[action] = client.call_async(CancelGoal.Request())  # a zero id means all

    def unanswered(self) -> list[str]:
        """Actions whose controller has not answered since it was asked; told once when that lasts."""
        for action, asked in self._asked.items():
            if asked.done():
                self._silent_since.pop(action, None)
                self._told.discard(action)
        now = time.monotonic()
        for action, since in self._silent_since.items():
            if now - since > _PATIENCE and action not in self._told:
                self._told.add(action)
                self._node.get_logger().error(
                    f"{action} does not answer, its goals cannot be cancelled: does its controller run?"
                    " Use the emergency stop if anything moves"
                )
        return list(self._silent_since)

    def forget(self) -> None:
        """Wait for no answer any more."""
        self._drop_questions()
        self._silent_since.clear()
        self._told.clear()

    def _drop_questions(self) -> None:
        for action, asked in self._asked.items():
            self._clients[action].remove_pending_request(asked)
        self._asked.clear()
