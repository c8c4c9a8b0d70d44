"""A subscription that does not wake the executor: its messages wait until somebody collects them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile


class CollectedSubscription:
    """For streams of which only a few messages matter, such as the joint states around an image.

    A turn of the executor costs more than such a message: 9 % of a core at 125 Hz, collected at 15 Hz 2 %.
    Taking a message from the subscription's handle is what rclpy.wait_for_message does.
    """

    def __init__(self, node: Node, kind: Any, topic: str, qos: QoSProfile) -> None:
        self._kind = kind
        self._subscription = node.create_subscription(
            kind, topic, lambda message: None, qos, callback_group=_NeverExecuted()
        )

    def take(self) -> Iterator[Any]:
        """The messages that came since the last time, oldest first; from one thread at a time."""
        handle = self._subscription.handle
        while True:
            with handle:
                taken = handle.take_message(self._kind, False)
            if taken is None:
                return
            yield taken[0]


class _NeverExecuted(CallbackGroup):
    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        pass
