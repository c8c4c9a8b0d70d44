"""Buffer, listener and broadcasters between nodes of their own ROS domain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import rclpy
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.time import Time

DOMAIN = 20
PATIENCE = 20.0  # seconds; reached only when something is broken


class Graph:
    """Nodes of one context, spun by one executor in the thread of the test."""

    def __init__(self) -> None:
        rclpy.init(domain_id=DOMAIN)
        self.executor = SingleThreadedExecutor()
        self.nodes: list[Node] = []

    def node(self, name: str, spun: bool = True, **options: object) -> Node:
        node = rclpy.create_node(name, **options)
        self.nodes.append(node)
        if spun:
            self.executor.add_node(node)
        return node

    def wait(self, condition: Callable[[], object], every: Callable[[], object] = lambda: None) -> None:
        """Spin until the condition holds; `every` is called between the turns."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            every()
            self.executor.spin_once(timeout_sec=0.02)


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.executor.shutdown()
    for node in graph.nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def transform(parent: str, child: str, stamp: Time, x: float = 1.0) -> TransformStamped:
    message = TransformStamped()
    message.header.frame_id = parent
    message.child_frame_id = child
    message.header.stamp = stamp.to_msg()
    message.transform.translation.x = x
    return message


def at(seconds: float) -> Time:
    return Time(nanoseconds=round(seconds * 1e9), clock_type=ClockType.ROS_TIME)


def test_what_is_broadcast_can_be_looked_up(graph):
    broadcaster = tf2_ros.TransformBroadcaster(graph.node("arm"))
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, graph.node("planner"))
    graph.wait(lambda: broadcaster.pub_tf.get_subscription_count())
    broadcaster.sendTransform(
        [transform("base", "tool", at(1.0), 1.0), transform("tool", "tip", at(1.0), 0.1)]
    )
    broadcaster.sendTransform(transform("base", "tool", at(2.0), 3.0))
    graph.wait(lambda: buffer.can_transform("base", "tool", at(2.0)))

    assert buffer.lookup_transform("base", "tool", at(1.5)).transform.translation.x == pytest.approx(2.0)
    assert buffer.lookup_transform("base", "tip", Time()).transform.translation.x == pytest.approx(1.1)
    assert buffer.can_transform("base", "tip", at(2.0)) == 0
    possible, why = buffer.can_transform("base", "tip", at(2.0), return_debug_tuple=True)
    assert not possible
    assert "only time 1.000000 is in the buffer" in why
    with pytest.raises(tf2_ros.ExtrapolationException, match="into the future"):
        buffer.lookup_transform("base", "tool", at(2.5))
    listener.unregister()
    graph.wait(lambda: not broadcaster.pub_tf.get_subscription_count())


def test_static_transforms_reach_late_listeners_all_of_them(graph):
    broadcaster = tf2_ros.StaticTransformBroadcaster(graph.node("cell"))
    broadcaster.sendTransform(transform("base", "camera", at(0.0), 1.0))
    broadcaster.sendTransform(
        (transform("base", "tray", at(0.0), 2.0), transform("base", "bin", at(0.0), 3.0))
    )
    broadcaster.sendTransform(transform("base", "camera", at(0.0), 9.0))  # the first one stands

    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, graph.node("planner"))
    graph.wait(lambda: buffer.can_transform("tray", "bin", at(123.0)))
    assert buffer.lookup_transform("base", "camera", at(123.0)).transform.translation.x == 1.0
    assert buffer.lookup_transform("tray", "bin", at(123.0)).transform.translation.x == 1.0
    listener.unregister()


def test_a_listener_with_its_own_thread_feeds_a_waiting_lookup(graph):
    """The transform is sent only once the lookup waits for it."""
    broadcaster = tf2_ros.TransformBroadcaster(graph.node("arm"))
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, graph.node("planner", spun=False), spin_thread=True)
    graph.wait(lambda: broadcaster.pub_tf.get_subscription_count())
    answers = []

    def ask() -> None:
        patience = Duration(seconds=PATIENCE)
        answers.append(buffer.lookup_transform("base", "tool", at(1.0), timeout=patience))

    waiter = threading.Thread(target=ask)
    waiter.start()
    broadcaster.sendTransform(transform("base", "tool", at(1.0), 4.0))
    waiter.join(PATIENCE)
    assert [answer.transform.translation.x for answer in answers] == [4.0]

    rclpy.try_shutdown()
    listener.dedicated_listener_thread.join(PATIENCE)
    assert not listener.dedicated_listener_thread.is_alive()


def test_a_wait_ends_with_its_timeout():
    buffer = tf2_ros.Buffer()
    start = time.monotonic()
    assert not buffer.can_transform("base", "tool", Time(), timeout=Duration(seconds=0.05))
    assert 0.05 <= time.monotonic() - start < PATIENCE
    with pytest.raises(
        tf2_ros.LookupException, match='"base" passed to lookupTransform argument target_frame'
    ):
        buffer.lookup_transform("base", "tool", Time(), timeout=Duration(seconds=0.05))
