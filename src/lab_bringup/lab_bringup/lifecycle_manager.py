"""Brings managed nodes up in order: configured along the flow of data, activated against it.

So nobody publishes before its consumers listen, and simulated time starts only when everyone is ready.
Afterwards it asks each node for its state, as a heartbeat: one that was started anew is brought up again.
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
from lab_node.errors import DeadlineError, LabError, UnavailableError
from lab_node.parameters import declare_parameters, parameter
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger


@dataclass(frozen=True)
class ManagerParameters:
    """Parameters of the lifecycle manager."""

    nodes: list[str] = parameter([], "managed nodes along the flow of data, producers first")
    topics: list[str] = parameter([], "that somebody has to publish before the first node is configured")
    publishers: list[str] = parameter([], "of each topic, in words: which device is behind it")
    topics_timeout: float = parameter(120.0, "limit for all of them to appear", unit="s", minimum=1.0)
    start_timeout: float = parameter(60.0, "limit for a node's process to answer", unit="s", minimum=1.0)
    silence: float = parameter(
        60.0, "time without an answer until a node is given up, a new start included", unit="s", minimum=1.0
    )
    transition_timeout: float = parameter(60.0, "limit for one transition of a node", unit="s", minimum=1.0)


# seconds of the wall: between two heartbeats, and after which one was missed
_PERIOD, _MISSED = 0.5, 3.0


class _Heartbeat:
    """Asks one node for its state, again and again, and remembers when it answered last."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked: Any = None
        self._active = True
        self._asked_at = self._heard = time.monotonic()

    def state(self) -> int | None:
        """The state by the newest answer; None while there is no new one."""
        answer = None
        if self._asked is not None and self._asked.done():
            answer = int(self._asked.result().current_state.id)
            self._active = answer == State.PRIMARY_STATE_ACTIVE
            self._asked, self._heard = None, time.monotonic()
        if self._asked is not None and time.monotonic() - self._asked_at > _MISSED:
            self._client.remove_pending_request(self._asked)  # a dead node took it along
            self._asked = None
        if self._asked is None and self._client.service_is_ready():
            self._asked, self._asked_at = self._client.call_async(GetState.Request()), time.monotonic()
        return answer

    def silence(self) -> float:
        """Seconds since the last answer."""
        return time.monotonic() - self._heard

    def restart(self) -> None:
        """Nobody was asked for a while; what was answered before that is no longer true."""
        if self._asked is not None:
            self._client.remove_pending_request(self._asked)
        self._asked, self._heard, self._active = None, time.monotonic(), False

    def alive(self) -> bool:
        """Whether the node said a moment ago that it is active."""
        return self._active and self.silence() < _MISSED


class LifecycleManager(Node):
    """Configures and activates the nodes of its parameter `nodes`, again when one was started anew.

    Service `~/is_active` (std_srvs/Trigger) says whether all of them are active.
    """

    def __init__(self) -> None:
        super().__init__("lifecycle_manager", automatically_declare_parameters_from_overrides=True)
        self.parameters = declare_parameters(self, ManagerParameters)
        self._active = False
        self._change_state: dict[str, Any] = {
            name: self.create_client(ChangeState, f"{name}/change_state") for name in self.parameters.nodes
        }
        self._get_state: dict[str, Any] = {
            name: self.create_client(GetState, f"{name}/get_state") for name in self.parameters.nodes
        }
        self._given_time: set[str] = set()
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
                behind = dict(zip(self.parameters.topics, self.parameters.publishers, strict=False))
                devices = ", ".join(dict.fromkeys(behind[topic] for topic in missing if topic in behind))
                raise UnavailableError(
                    f"nobody publishes {', '.join(missing)} after {self.parameters.topics_timeout:.0f} s:"
                    f" {devices or 'the driver, controller or camera behind it'} does not run or does not"
                    " answer; its own messages say why"
                )
            time.sleep(0.2)

    def watch(self) -> None:
        """Ask all nodes for their states until the end; not in the executor's thread.

        Raises LabError, which names the node, when one does not answer any more, or does not come up again.
        """
        beats = {name: _Heartbeat(client) for name, client in self._get_state.items()}
        pause = threading.Event()
        while not pause.wait(_PERIOD) and rclpy.ok():
            for name, beat in beats.items():
                if beat.state() == State.PRIMARY_STATE_UNCONFIGURED:
                    self._active = False
                    self._bring_up_again(name)
                    for other in beats.values():
                        other.restart()
                elif beat.silence() > self.parameters.silence:
                    raise UnavailableError(
                        f"node {name} has not answered for {self.parameters.silence:.0f} s: the cell ends"
                    )
            self._active = all(beat.alive() for beat in beats.values())

    def _bring_up_again(self, name: str) -> None:
        self.get_logger().warning(f"{name} was started anew: bringing it up")
        try:
            self._transition(name, Transition.TRANSITION_CONFIGURE, "configure")
            self._transition(name, Transition.TRANSITION_ACTIVATE, "activate")
        except DeadlineError as error:
            if name in self._given_time:
                raise
            self._given_time.add(name)  # it may have died once more while it was configured
            self.get_logger().warning(f"{error}: trying once more")
        else:
            self._given_time.discard(name)
            self.get_logger().info(f"active again: {name}")

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
            manager.watch()
        except LabError as error:
            if rclpy.ok():
                manager.get_logger().fatal(str(error))
                exit_code = 1
                rclpy.try_shutdown()
        except Exception:
            if rclpy.ok():  # else a signal has taken the context away in the middle of a heartbeat
                raise

    worker = threading.Thread(target=bring_up, daemon=True)
    worker.start()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        executor.spin()
    # the signal, or bring_up, has shut the context down; let go of what DDS shares with other processes
    worker.join(timeout=1.0)
    manager.destroy_node()
    rclpy.get_default_context().destroy()
    sys.exit(exit_code)
