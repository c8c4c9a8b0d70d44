"""A simulator node with a client beside it, for tests over real ROS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock

from lab_node.qos import RELIABLE
from lab_node.rclpy_overrides import destroy_actions
from lab_simulation.simulator_node import SimulatorNode

PATIENCE = 60.0
"""Wall seconds; a busy machine is slow."""


class Bench:
    """A simulator node and a client beside it, each with a thread that spins it."""

    def __init__(self, **parameters: Any) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = SimulatorNode(parameter_overrides=overrides)
        self.client = rclpy.create_node("client_of_the_test")
        self.newest: dict[str, Any] = {}
        self.stamps: dict[str, list[float]] = {}
        self._changed = threading.Condition()
        self._executors = []
        for node in (self.node, self.client):
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            thread = threading.Thread(target=executor.spin, daemon=True)
            thread.start()
            self._executors.append((executor, thread))

    def listen(self, kind: Any, topic: str, qos: Any = RELIABLE) -> None:
        def collect(message: Any) -> None:
            stamp = message.clock if kind is Clock else message.header.stamp
            with self._changed:
                self.newest[topic] = message
                self.stamps.setdefault(topic, []).append(stamp.sec + 1e-9 * stamp.nanosec)
                self._changed.notify_all()

        self.client.create_subscription(kind, topic, collect, qos)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        with self._changed:
            deadline = time.monotonic() + PATIENCE
            while not (value := condition()):
                assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
                self._changed.wait(0.05)
            return value

    def result(self, future: Any, what: str) -> Any:
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(PATIENCE), f"{what} did not answer"
        return future.result()

    def call(self, kind: Any, service: str, **fields: Any) -> Any:
        return self.ask(kind, service, kind.Request(**fields))

    def ask(self, kind: Any, service: str, request: Any) -> Any:
        client = self.client.create_client(kind, f"/simulator/{service}")
        assert client.wait_for_service(PATIENCE)
        response = self.result(client.call_async(request), service)
        self.client.destroy_client(client)
        return response

    def start(self) -> None:
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def close(self) -> None:
        for executor, thread in self._executors:
            executor.shutdown()
            thread.join(PATIENCE)
        self.node.end()
        self.node.destroy_node()
        destroy_actions(self.client)
        self.client.destroy_node()
