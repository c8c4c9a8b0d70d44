"""Tells the other nodes, also those that start later, about transforms that never change."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from tf2_ros.transform_broadcaster import as_list


class StaticTransformBroadcaster:
    """Publishes transforms on /tf_static, each time together with all that were sent before.

    As in geometry2 0.36 the first transform of a child frame stands: a later one for it is not taken.
    """

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        """qos: a profile or a history depth; if not given the last message is latched."""
        if qos is None:
            qos = QoSProfile(
                depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=HistoryPolicy.KEEP_LAST
            )
        self.pub_tf = node.create_publisher(TFMessage, "/tf_static", qos)
        self.net_message = TFMessage()
        self._child_frame_ids: set[str] = set()

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:
        """Publish one transform or several, and all that were sent before."""
        for stamped in as_list(transform):
            if stamped.child_frame_id not in self._child_frame_ids:
                self._child_frame_ids.add(stamped.child_frame_id)
                self.net_message.transforms.append(stamped)
        self.pub_tf.publish(self.net_message)
