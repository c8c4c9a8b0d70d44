"""The gate of a node: what comes over a topic is looked at before a callback sees it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.subscription import Subscription

from lab_core.errors import LabError
from lab_node.message_rules import rules_of

if TYPE_CHECKING:
    from rclpy.node import Node as _Node
else:
    _Node = object


@dataclass(frozen=True, slots=True)
class Refused:
    """Messages of a topic that were not taken: how many, and what was wrong with the newest."""

    count: int
    why: str


class Refusals:
    """Counts what was refused; may be told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[str, Refused] = {}

    def add(self, topic: str, why: str) -> bool:
        """One more; whether it is the first of its topic."""
        with self._lock:
            before = self._refused.get(topic)
            self._refused[topic] = Refused(1 + (before.count if before else 0), why.strip())
            return before is None

    def all(self) -> dict[str, Refused]:
        """By topic."""
        with self._lock:
            return dict(self._refused)


class Gated(_Node):
    """Mixin of a node, before its class of rclpy: a message that breaks a rule reaches no callback.

    What is refused is counted and, once a topic, said. So is a message that a callback refuses with a
    LabError; any other exception is a defect of ours and ends the node, as ever.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self.refusals = Refusals()  # rclpy subscribes to the clock while it makes the node
        super().__init__(*arguments, **keywords)

    def refuse(self, topic: str, why: str) -> None:
        """Count a message that is not taken; the first of a topic is said."""
        topic = self.resolve_topic_name(topic)
        if self.refusals.add(topic, why):
            self.get_logger().warning(
                f"a message on {topic} was refused, as all such will be without a word: {why.strip()}"
            )

    def create_subscription(
        self, msg_type: Any, topic: str, callback: Callable[..., None], *arguments: Any, **keywords: Any
    ) -> Subscription:
        """As of every node; the callback is spared what breaks a rule. Bytes (raw) are not looked at."""
        if not keywords.get("raw"):
            callback = self._gated(msg_type, topic, callback)
        return super().create_subscription(msg_type, topic, callback, *arguments, **keywords)

    def _gated(self, msg_type: Any, topic: str, callback: Callable[..., None]) -> Callable[..., None]:
        check = rules_of(msg_type)

        @functools.wraps(callback)  # by its arguments rclpy tells whether it wants to know of the sender
        def take(*message: Any) -> None:
            why = check(message[0])
            if not why:
                try:
                    callback(*message)
                    return
                except LabError as error:
                    why = str(error)
            self.refuse(topic, why)

        return take
