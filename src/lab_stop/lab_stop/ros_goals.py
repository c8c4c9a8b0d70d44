"""Cancels what the cell's controllers do, and knows which of them has answered."""

from __future__ import annotations

from collections.abc import Iterable

from action_msgs.srv import CancelGoal
from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future

# Turns of this node without an answer, after which somebody has to know: a second. Not by the wall: a node
# that is flooded with messages does not come to the answers, and the controllers are not at fault.
_PATIENCE = 20
# Turns after which a question is asked again that nobody has answered.
_AGAIN = 10


class ControllerGoals:
    """The goals of the cell's controllers, whoever has sent them.

    A controller that is told to cancel holds its joints where they are. Fingers that press on a part go on: a
    grip that was reached is not a goal any more.
    """

    def __init__(self, node: Node, actions: Iterable[str]) -> None:
        """actions: names of the controllers' actions."""
        self._node = node
        self._clients: dict[str, Client] = {
            node.resolve_service_name(action): node.create_client(CancelGoal, f"{action}/_action/cancel_goal")
            for action in actions
        }
        self._asked: dict[str, Future] = {}
        self._asked_at: dict[str, int] = {}
        self._silent_since: dict[str, int] = {}
        self._told: set[str] = set()
        self._turns = 0

    def turn(self) -> None:
        """Called 20 times a second while all is well: the measure of how long nobody has answered."""
        self._turns += 1

    def cancel(self) -> None:
        """Ask every controller that is there to cancel all its goals; not while it owes an answer."""
        self.unanswered()
        for action, client in self._clients.items():
            self._silent_since.setdefault(action, self._turns)
            asked = self._asked.get(action)
            owes = asked is not None and not asked.done()
            if owes and self._turns - self._asked_at[action] < _AGAIN:
                continue
            if asked is not None:
                client.remove_pending_request(asked)
                del self._asked[action]
            if client.service_is_ready():
                self._asked[action] = client.call_async(CancelGoal.Request())  # a zero id means all
                self._asked_at[action] = self._turns

    def unanswered(self) -> list[str]:
        """Actions whose controller has not answered since it was asked; told once when that lasts."""
        for action, asked in self._asked.items():
            if asked.done():
                self._silent_since.pop(action, None)
                self._told.discard(action)
        for action in set(self._deaf()) - self._told:
            self._told.add(action)
            self._node.get_logger().error(
                f"{action} does not answer, its goals cannot be cancelled: does its controller run?"
                " Use the emergency stop if anything moves"
            )
        return list(self._silent_since)

    def deaf(self) -> list[str]:
        """Actions whose controller has owed an answer for so long that somebody has to know."""
        self.unanswered()
        return self._deaf()

    def forget(self) -> None:
        """Wait for no answer any more."""
        self._drop_questions()
        self._silent_since.clear()
        self._told.clear()

    def _drop_questions(self) -> None:
        for action, asked in self._asked.items():
            self._clients[action].remove_pending_request(asked)
        self._asked.clear()

    def _deaf(self) -> list[str]:
        turns = self._turns
        return [action for action, since in self._silent_since.items() if turns - since > _PATIENCE]
