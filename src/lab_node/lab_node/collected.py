"""A subscription that does not wake the executor: its messages wait until somebody collects them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.qos import QoSProfile

from lab_node.lifecycle import LabNode, uncalled
from lab_node.message_rules import Check, rules_of


class CollectedSubscription:
    """For streams of which only a few messages matter, such as the joint states around an image.

    A callback costs more than such a message. Taking a message from the subscription's handle is what
    rclpy.wait_for_message does.
    """

    def __init__(
        self, node: LabNode, kind: Any, topic: str, qos: QoSProfile, serialized: bool = False
    ) -> None:
        """serialized: the messages are taken as the bytes that came, which pass no gate."""
        self._kind = kind
        self._serialized = serialized
        named = node.resolve_topic_name(topic)
        self._came = lambda: node.inputs.note(named, node.get_clock().now().nanoseconds)
        self._check: Check | None = None if serialized else rules_of(kind)
        self._refuse = lambda why: node.refuse(topic, why)
        self._subscription = node.create_subscription(kind, topic, uncalled, qos, raw=serialized)

    def take(self) -> Iterator[Any]:
        """The messages that came since the last time, oldest first; from one thread at a time."""
        return (message for message, _ in self.take_timed())

    def take_timed(self) -> Iterator[tuple[Any, int]]:
        """The same, each with the wall time at which it was published, nanoseconds."""
        handle = self._subscription.handle
        while True:
            with handle:
                taken = handle.take_message(self._kind, self._serialized)
            if taken is None:
                return
            if self._check is not None and (why := self._check(taken[0])):
                self._refuse(why)
                continue
            self._came()
            yield taken[0], int(taken[1]["source_timestamp"])
