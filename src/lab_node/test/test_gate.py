"""A node goes on, whatever comes."""

import threading
import time
from dataclasses import dataclass

import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lab_interfaces.action import PlanGrasps
from lab_interfaces.msg import Outcome
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from lab_core.errors import InvalidRequestError
from lab_node.actions import result_of, serve_action, wait_for
from lab_node.collected import CollectedSubscription
from lab_node.conversions.outcomes import success
from lab_node.executor import ExecutorThread
from lab_node.gate import Gated
from lab_node.lifecycle import LabNode
from lab_node.qos import RELIABLE
from lab_node.rclpy_overrides import ActionClient

SOUND = JointState(name=["a"], position=[1.0])
BEFORE_TIME = JointState(header=Header(stamp=Time(sec=-5)), name=["a"], position=[2.0])
REFUSED_BY_READER = JointState(name=["b"], position=[3.0])


@dataclass(frozen=True)
class NoParameters:
    pass


class Listener(LabNode):
    Parameters = NoParameters

    def configure(self):
        self.heard = []
        self.create_subscription(JointState, "/joint_states", self._take, RELIABLE)
        self.collected = CollectedSubscription(self, JointState, "/joint_states", RELIABLE)

    def _take(self, message):
        if message.name[0] == "b":
            raise InvalidRequestError("nobody knows joint b")
        self.heard.append(message.position[0])


class PlainListener(Gated, Node):
    def __init__(self):
        super().__init__("plain")
        self.heard = []
        self.create_subscription(JointState, "/joint_states", self.heard.append, RELIABLE)


@pytest.fixture
def graph(monkeypatch):
    """A listener of either kind, and a node that talks to them."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "53")
    rclpy.init()
    listener, plain, other = Listener("listener"), PlainListener(), Node("other")
    listener.trigger_configure()
    executor = ExecutorThread(listener, plain, other)
    yield listener, plain, other
    assert executor.failure == ""
    executor.close()
    listener.end()
    for node in (listener, plain, other):
        node.destroy_node()
    rclpy.try_shutdown()


def until(condition, what):
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within 60 s"
        pause.wait(0.01)


def test_a_message_that_breaks_a_rule_is_counted_said_once_and_not_taken(graph, capfd):
    listener, plain, other = graph
    statuses = []
    other.create_subscription(
        DiagnosticArray, "/diagnostics", lambda message: statuses.append(message.status[0]), 10
    )
    publisher = other.create_publisher(JointState, "/joint_states", RELIABLE)
    until(lambda: publisher.get_subscription_count() == 3, "listeners")
    listener.trigger_activate()
    for message in (SOUND, BEFORE_TIME, BEFORE_TIME, REFUSED_BY_READER, SOUND):
        publisher.publish(message)
    until(lambda: len(listener.heard) == 2 and len(plain.heard) == 3, "sound messages")
    assert listener.heard == [1.0, 1.0]
    assert [message.position[0] for message in plain.heard] == [1.0, 3.0, 1.0]
    assert [message.position[0] for message in listener.collected.take()] == [1.0, 3.0, 1.0]
    assert listener.refusals.all()["/joint_states"].count == 5
    assert plain.refusals.all()["/joint_states"].count == 2
    until(lambda: any(status.level == DiagnosticStatus.WARN for status in statuses), "warning")
    said = next(status for status in statuses if status.level == DiagnosticStatus.WARN)
    assert "refuses messages on /joint_states: header.stamp is -5 s" in said.message
    until(lambda: statuses[-1].level == DiagnosticStatus.OK, "calm")  # no more have come
    assert {each.key: each.value for each in statuses[-1].values}["refused on /joint_states"].startswith("5,")
    assert capfd.readouterr().err.count("was refused") == 2  # once a node


def test_a_clock_before_the_beginning_of_time_ends_nobody(graph):
    listener, _, other = graph
    listener.set_parameters([rclpy.parameter.Parameter("use_sim_time", value=True)])
    publisher = other.create_publisher(Clock, "/clock", 10)
    until(lambda: publisher.get_subscription_count() == 1, "listener to the clock")
    publisher.publish(Clock(clock=Time(sec=-1)))
    until(lambda: "/clock" in listener.refusals.all(), "refusal")
    publisher.publish(Clock(clock=Time(sec=7)))
    until(lambda: listener.get_clock().now().nanoseconds == 7_000_000_000, "time")


def test_a_goal_that_breaks_a_rule_has_an_outcome_and_no_work(graph):
    listener, _, other = graph
    worked = []
    serve_action(listener, PlanGrasps, "/plan", lambda handle: worked.append(handle) or success())
    client = ActionClient(other, PlanGrasps, "/plan")
    assert client.wait_for_server(60.0)
    goal = PlanGrasps.Goal(not_before=Time(sec=-3))
    handle = wait_for(client.send_goal_async(goal), 60.0, "/plan")
    outcome = result_of(handle, lambda: False, 60.0, "/plan").result.outcome
    assert outcome.code == Outcome.INVALID_REQUEST
    assert (
        outcome.message
        == "the goal of /plan cannot be meant: not_before is -3 s, before the beginning of time"
    )
    assert worked == []
