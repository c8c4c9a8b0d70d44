"""Fills a buffer with what the broadcasters tell."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from tf2_ros.buffer import Buffer

AUTHORITY = "default_authority"


class TransformListener:
    """Subscribes /tf and /tf_static for as long as it is kept."""

    def __init__(
        self,
        buffer: Buffer,
        node: Node,
        *,
        spin_thread: bool = False,
        qos: QoSProfile | int | None = None,
        static_qos: QoSProfile | int | None = None,
    ) -> None:
        """spin_thread: spin the node in a thread of its own; then no other executor may have the node.

        qos, static_qos: of the two subscriptions, as a profile or a history depth.
        """
        if qos is None:
            qos = QoSProfile(depth=100, durability=DurabilityPolicy.VOLATILE, history=HistoryPolicy.KEEP_LAST)
        if static_qos is None:
            static_qos = QoSProfile(
                depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=HistoryPolicy.KEEP_LAST
            )
        self.buffer = buffer
        self.node = node
        # Reentrant: the default group would lock out /tf while another callback of the node waits for it.
        self.group = ReentrantCallbackGroup()
        self.tf_sub = node.create_subscription(
            TFMessage, "/tf", self.callback, qos, callback_group=self.group
        )
        self.tf_static_sub = node.create_subscription(
            TFMessage, "/tf_static", self.static_callback, static_qos, callback_group=self.group
        )
        self.executor: SingleThreadedExecutor | None = None
        if spin_thread:
            self.executor = SingleThreadedExecutor()
            self.dedicated_listener_thread = Thread(target=_spin, args=(self.executor, node))
            self.dedicated_listener_thread.start()

    def __del__(self) -> None:
        if executor := getattr(self, "executor", None):
            executor.shutdown()
            self.dedicated_listener_thread.join()
        self.unregister()

    def unregister(self) -> None:
        """Stop listening."""
        for subscription in (getattr(self, "tf_sub", None), getattr(self, "tf_static_sub", None)):
            if subscription is not None:
                self.node.destroy_subscription(subscription)

    def callback(self, data: TFMessage) -> None:
        """Take transforms that change."""
        for transform in data.transforms:
            self.buffer.set_transform(transform, AUTHORITY)

    def static_callback(self, data: TFMessage) -> None:
        """Take transforms that never change."""
        for transform in data.transforms:
            self.buffer.set_transform_static(transform, AUTHORITY)


def _spin(executor: SingleThreadedExecutor, node: Node) -> None:
    executor.add_node(node)
    with suppress(ExternalShutdownException):
        executor.spin()
    executor.remove_node(node)
