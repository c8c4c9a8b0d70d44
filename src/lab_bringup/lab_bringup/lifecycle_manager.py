"""Brings managed nodes up in order: configured along the flow of data, activated against it.

So nobody publishes before its consumers listen, and simulated time starts only when everyone is ready.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rclpy
from lab_node.actions import wait_for
from lab_node.errors import LabError, UnavailableError
from lab_node.parameters import declare_parameters, parameter
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger


@dataclass(frozen=True)
class ManagerParameters:
    """Parameters of the lifecycle manager."""

    nodes: list[str] = parameter([], "managed nodes along the flow of data, producers first")
    topics: list[str] = parameter([], "that somebody has to publish before the first node is configured")
    topics_timeout: float = parameter(120.0, "limit for all of them to appear", unit="s", minimum=1.0)
    start_timeout: float = parameter(60.0, "limit for a node's process to answer", unit="s", minimum=1.0)
    transition_timeout: float = parameter(60.0, "limit for one transition of a node", unit="s", minimum=1.0)


class LifecycleManager(Node):
    """Configures and activates the nodes of its parameter `nodes`.

    Service `~/is_active` (std_srvs/Trigger) says whether all of them are active.
    """

    def __init__(self) -> None:
        super().__init__("lifecycle_manager", automatically_declare_parameters_from_overrides=True)
        self.parameters = declare_parameters(self, ManagerParameters)
        self._active = False
        self._change_state: dict[str, Any] = {
            name: self.create_client(ChangeState, f"{name}/change_state") for name in self.parameters.nodes
        }
        self.create_service(Trigger, "~/is_active", self._is_active)

    def bring_up(self) -> None:
        """Configure all nodes, then activate them in the opposite order; not in the executor's thread.

        Raises LabError, which names the node, at the first one that does not follow.
        """
        names: Sequence[str] = self.parameters.nodes
        self._wait_for_topics()
        for name in names:
            self._transition(name, Transition.TRANSITION_CONFIGURE, "configure")
        for name in reversed(names):
            self._transition(name, Transition.TRANSITION_ACTIVATE, "activate")
        self._active = True
        self.get_logger().info(f"active: {', '.join(names)}")

    def _wait_for_topics(self) -> None:
        """Simulator and drivers take their time, and have no lifecycle of ours."""
        deadline = time.monotonic() + self.parameters.topics_timeout
        missing: list[str] = list(self.parameters.topics)
        if missing:
            self.get_logger().info(f"waits for {', '.join(missing)}")
        while missing:
            if not self.context.ok():
                raise UnavailableError(f"was ended while it waited for {', '.join(missing)}")
            missing = [topic for topic in missing if self.count_publishers(topic) == 0]
            if missing and time.monotonic() > deadline:
                raise UnavailableError(
                    f"nobody publishes {', '.join(missing)} after {self.parameters.topics_timeout:.0f} s:"
                    " the driver, controller or camera behind it does not run; its own messages say why"
                )
            time.sleep(0.2)

    def _transition(self, name: str, transition: int, verb: str) -> None:
        client = self._change_state[name]
        if not client.wait_for_service(self.parameters.start_timeout):
            raise UnavailableError(
                f"node {name} did not come up within {self.parameters.start_timeout:.0f} s"
            )
        request = ChangeState.Request(transition=Transition(id=transition))
        what = f"node {name} (to {verb})"
        if not wait_for(client.call_async(request), self.parameters.transition_timeout, what).success:
            raise UnavailableError(f"node {name} refused to {verb}: its own message above says why")

    def _is_active(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._active
        return response


def main() -> None:
    """Bring the nodes up, then stay until a signal; exit code 1 when they do not come up."""
    rclpy.init()
    exit_code = 0
    try:
        manager = LifecycleManager()
    except LabError as error:
        sys.exit(f"lifecycle_manager: {error}")
    executor = SingleThreadedExecutor()
    executor.add_node(manager)

    def bring_up() -> None:
        nonlocal exit_code
        try:
            manager.bring_up()
        except LabError as error:
            if rclpy.ok():
                manager.get_logger().fatal(str(error))
                exit_code = 1
                rclpy.try_shutdown()

    worker = threading.Thread(target=bring_up, daemon=True)
    worker.start()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        executor.spin()
    # the signal, or bring_up, has shut the context down; let go of what DDS shares with other processes
    worker.join(timeout=1.0)
    manager.destroy_node()
    rclpy.get_default_context().destroy()
    sys.exit(exit_code)
