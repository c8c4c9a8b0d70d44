"""Brings managed nodes up: configured all at once, then activated one by one against the flow of data.

So nobody publishes before its consumers listen, and simulated time starts only when everyone is ready; what
is compiled and loaded has all cores. Afterwards it asks each node for its state, as a heartbeat: one that was
started anew is brought up again, one that hangs is killed where the launch file starts it again.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from lab_bringup.processes import child_of
from lab_core.errors import DeadlineError, LabError, UnavailableError
from lab_core.parameters import parameter
from lab_node.actions import wait_for
from lab_node.diagnostics import DIAGNOSTICS, diagnostics_of
from lab_node.executor import ExecutorThread
from lab_node.lifecycle import leave, on_end_signals
from lab_node.parameters import NodeParameters

# seconds of the wall: between two heartbeats, after which one was missed, between two looks for new nodes
_PERIOD, _MISSED, _LOOK = 0.5, 3.0, 0.05
# seconds of the wall after which an answer may have been lost; for one to a question about the state, which
# waits for the transition under way; how often a node is asked for a transition
_LOST, _PATIENCE, _ASKED = 1.0, 5.0, 3
_REACHED = {"configure": State.PRIMARY_STATE_INACTIVE, "activate": State.PRIMARY_STATE_ACTIVE}


@dataclass(frozen=True)
class ManagerParameters:
    """Parameters of the lifecycle manager."""

    nodes: list[str] = parameter([], "The managed nodes along the flow of data, producers first.")
    restarted: list[str] = parameter(
        [], "Those of the nodes that the launch file starts again when they die."
    )
    topics: list[str] = parameter(
        [], "The topics that somebody must publish before the first node is configured."
    )
    publishers: list[str] = parameter([], "The device behind each of the topics, in words.")
    topics_timeout: float = parameter(
        120.0, "All of the topics must appear within this time.", unit="s", minimum=1.0
    )
    start_timeout: float = parameter(
        60.0, "The process of a node must answer within this time.", unit="s", minimum=1.0, live=True
    )
    hang_timeout: float = parameter(
        15.0,
        "A node that is started again is killed when it has not answered for this time.",
        unit="s",
        minimum=1.0,
        live=True,
    )
    silence_timeout: float = parameter(
        60.0,
        "The cell ends when a node has not answered for this time. A new start of the node is part of it.",
        unit="s",
        minimum=1.0,
        live=True,
    )
    transition_timeout: float = parameter(
        60.0, "One transition of a node takes at most this time.", unit="s", minimum=1.0, live=True
    )


class _Heartbeat:
    """Asks one node for its state, again and again, and remembers when it answered last."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._asked: Any = None
        self._active = True
        self._asked_at = self._heard = time.monotonic()
        self.answered = time.clock_gettime(time.CLOCK_BOOTTIME)
        """When the newest answer came, seconds of CLOCK_BOOTTIME."""

    def state(self) -> int | None:
        """The state by the newest answer; None while there is no new one."""
        answer = None
        if self._asked is not None and self._asked.done():
            answer = int(self._asked.result().current_state.id)
            self._active = answer == State.PRIMARY_STATE_ACTIVE
            self._asked, self._heard = None, time.monotonic()
            self.answered = time.clock_gettime(time.CLOCK_BOOTTIME)
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

    def __init__(self, ended: threading.Event | None = None) -> None:
        """ended: when it is set, bring_up and watch come to their end."""
        super().__init__("lifecycle_manager", automatically_declare_parameters_from_overrides=True)
        declared = NodeParameters(self, self._take_parameters, read="when the node starts")
        self.parameters = declared.declare(ManagerParameters)
        declared.held = True
        self._ended = ended or threading.Event()
        self._active = False
        self._inactive: list[str] = list(self.parameters.nodes)
        self._launch = os.getppid()
        self._change_state: dict[str, Any] = {
            name: self.create_client(ChangeState, f"{name}/change_state") for name in self.parameters.nodes
        }
        self._get_state: dict[str, Any] = {
            name: self.create_client(GetState, f"{name}/get_state") for name in self.parameters.nodes
        }
        self._given_time: set[str] = set()
        self.create_service(Trigger, "~/is_active", self._is_active)
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS, 10)
        self.create_timer(1.0, self._publish_diagnostics)

    def _take_parameters(self, parameters: ManagerParameters) -> None:
        self.parameters = parameters

    def bring_up(self) -> None:
        """Configure all nodes, then activate them, the last first; not in the executor's thread.

        Raises LabError, which names the node, at the first one that does not follow.
        """
        names: Sequence[str] = self.parameters.nodes
        self._wait_for_topics()
        answers = self._ask_when_there(names, Transition.TRANSITION_CONFIGURE)
        for name in names:
            self._require(name, Transition.TRANSITION_CONFIGURE, "configure", answers[name])
        for name in reversed(names):
            self._transition(name, Transition.TRANSITION_ACTIVATE, "activate")
        self._active, self._inactive = True, []
        self.get_logger().info(f"active: {', '.join(names)}")

    def _wait_for_topics(self) -> None:
        """Simulator and drivers take their time, and have no lifecycle of ours."""
        deadline = time.monotonic() + self.parameters.topics_timeout
        missing: list[str] = list(self.parameters.topics)
        if missing:
            self.get_logger().info(f"waits for {', '.join(missing)}")
        while missing:
            if self._ended.is_set() or not self.context.ok():
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
            self._ended.wait(0.2)

    def watch(self) -> None:
        """Ask all nodes for their states until the end; not in the executor's thread.

        Raises LabError, which names the node, when one does not answer any more, or does not come up again.
        """
        beats = {name: _Heartbeat(client) for name, client in self._get_state.items()}
        turned = time.monotonic()
        while not self._ended.wait(_PERIOD) and rclpy.ok():
            if time.monotonic() - turned > _MISSED:  # this process itself was halted
                for beat in beats.values():
                    beat.restart()
            turned = time.monotonic()
            for name, beat in beats.items():
                if beat.state() == State.PRIMARY_STATE_UNCONFIGURED:
                    self._active, self._inactive = False, [name]
                    self._bring_up_again(name)
                    for other in beats.values():
                        other.restart()
                elif beat.silence() > self.parameters.silence_timeout:
                    raise UnavailableError(
                        f"node {name} has not answered for {self.parameters.silence_timeout:.0f} s:"
                        " the cell ends"
                    )
                elif beat.silence() > self.parameters.hang_timeout and name in self.parameters.restarted:
                    self._kill(name, beat)
            self._inactive = [name for name, beat in beats.items() if not beat.alive()]
            self._active = not self._inactive

    def _kill(self, name: str, beat: _Heartbeat) -> None:
        """End the process of a node that hangs; not one that is only just starting.

        The process is looked for beside this one, among those of the same launch: nobody else would start it
        again, and what a message says about it could come from anybody.
        """
        process = child_of(self._launch, name)
        if process is None or process.started > beat.answered:
            return
        self.get_logger().error(
            f"{name} hangs: it has not answered for {beat.silence():.0f} s; its process {process.pid} is"
            " killed, to be started again"
        )
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        beat.restart()
        beat.answered = -math.inf  # this process will not answer any more, the next has not yet

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
        self._require(name, transition, verb, self._ask(name, transition))

    def _ask(self, name: str, transition: int) -> Any:
        """The future answer. Raises UnavailableError when the node is not there in time."""
        client = self._change_state[name]
        if not client.wait_for_service(self.parameters.start_timeout):
            raise self._absent(name)
        return client.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def _ask_when_there(self, names: Sequence[str], transition: int) -> dict[str, Any]:
        """The future answers, each asked for as soon as its node is there.

        Raises UnavailableError, which names the first that is not there in time.
        """
        answers: dict[str, Any] = {}
        deadline = time.monotonic() + self.parameters.start_timeout
        while missing := [name for name in names if name not in answers]:
            late = time.monotonic() > deadline
            for name in missing:
                if self._change_state[name].service_is_ready():
                    answers[name] = self._ask(name, transition)
                elif late:
                    raise self._absent(name)
            if self._ended.wait(_LOOK):
                raise UnavailableError(f"was ended while it waited for {', '.join(missing)}")
        return answers

    def _absent(self, name: str) -> UnavailableError:
        return UnavailableError(f"node {name} did not come up within {self.parameters.start_timeout:.0f} s")

    def _require(self, name: str, transition: int, verb: str, answer: Any) -> None:
        """Wait for the answer, and until the transition is over.

        The answer of a node that does not know this client yet is lost (rmw_fastrtps, when it is asked the
        moment that it is seen), and a node that is only just there may take the questions that wait for it in
        another order. So the state that it is in says what became of it; where that is the old one, the node
        is asked again: a question that waited and one that comes too late do no harm.
        """
        for again in range(_ASKED):
            if again:
                answer = self._ask(name, transition)
            success = self._answered(answer, name, verb)
            if success is None:
                # said as soon as the transition is over, as a node does one thing after the other
                reached = self._state(name, verb) == _REACHED[verb]
                success = True if reached else self._answered(answer, name, verb)
            if success is None:
                continue
            if success or self._state(name, verb) == _REACHED[verb]:
                return
            break
        raise UnavailableError(f"node {name} refused to {verb}: its own message above says why")

    def _answered(self, answer: Any, name: str, verb: str) -> bool | None:
        """Yes or no; None where nothing comes, which may be lost."""
        with contextlib.suppress(DeadlineError):
            patience = min(_LOST, self.parameters.transition_timeout)
            return bool(wait_for(answer, patience, f"node {name} (to {verb})").success)
        return None

    def _state(self, name: str, verb: str) -> int:
        """Of a node that is to do something. Raises DeadlineError; an answer may be lost here too."""
        client, deadline = self._get_state[name], time.monotonic() + self.parameters.transition_timeout
        while True:
            left = deadline - time.monotonic()
            asked = client.call_async(GetState.Request())
            try:
                answer = wait_for(asked, min(_PATIENCE, max(left, 0.0)), f"node {name} (to {verb})")
                return int(answer.current_state.id)
            except DeadlineError:
                client.remove_pending_request(asked)
                if left <= _PATIENCE:
                    raise

    def _is_active(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._active
        return response

    def _publish_diagnostics(self) -> None:
        level = DiagnosticStatus.OK if self._active else DiagnosticStatus.WARN
        message = "all nodes are active" if self._active else f"not active: {', '.join(self._inactive)}"
        values = {
            name: "not active" if name in self._inactive else "active" for name in self.parameters.nodes
        }
        self._diagnostics.publish(diagnostics_of(self, level, message, self.get_name(), values))


def main() -> None:
    """Bring the nodes up, then stay until a signal; exit code 1 when they do not come up."""
    # rclpy's own handling of signals raises KeyboardInterrupt wherever the main thread is at that moment
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    ended = threading.Event()
    on_end_signals(ended.set)
    exit_code = 0
    try:
        manager = LifecycleManager(ended)
    except LabError as error:
        sys.exit(f"lifecycle_manager: {error}")
    executor = ExecutorThread(manager, failed=ended.set)

    def bring_up() -> None:
        nonlocal exit_code
        try:
            manager.bring_up()
            manager.watch()
        except Exception as error:
            if ended.is_set():  # it was told to end in the middle of something
                return
            defect = f"defect in the lifecycle manager, the cell ends: {traceback.format_exc()}"
            manager.get_logger().fatal(str(error) if isinstance(error, LabError) else defect)
            exit_code = 1
            ended.set()

    worker = threading.Thread(target=bring_up, daemon=True)
    worker.start()
    ended.wait()
    worker.join(timeout=1.0)
    leave(manager, executor, exit_code)
