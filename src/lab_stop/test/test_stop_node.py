"""The node with real messages: from each input to the state, and to the arm's controller."""

import math
import threading
import time

import pytest
import rclpy
from control_msgs.action import FollowJointTrajectory
from lab_node.actions import wait_for
from lab_node.permit import STOP_STATE
from lab_node.qos import LATCHED, RELIABLE, SENSOR
from lab_stop.stop_node import StopNode
from rclpy.action import ActionClient, ActionServer, CancelResponse
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Range
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from lab_interfaces.msg import StopState

WAIT = 60.0


class Bench:
    """The node, and a node that is everything around it."""

    def __init__(self, **parameters):
        self.node = StopNode(
            "stop", parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()]
        )
        self.around = Node("around")
        self.states = []
        self.around.create_subscription(StopState, STOP_STATE, self.states.append, LATCHED)
        self.executor = MultiThreadedExecutor(4)
        for node in (self.node, self.around):
            self.executor.add_node(node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()

    def start(self):
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        return self

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def call(self, name):
        client = self.around.create_client(Trigger, name)
        assert client.wait_for_service(WAIT)
        return wait_for(client.call_async(Trigger.Request()), WAIT, name)

    def feed(self, kind, topic, make):
        """Publish at 50 Hz, whatever `make` gives; nothing when that is None."""
        publisher = self.around.create_publisher(kind, topic, SENSOR)
        self.around.create_timer(0.02, lambda: (m := make()) is not None and publisher.publish(m))

    def is_now(self, **fields):
        return bool(self.states) and all(getattr(self.states[-1], k) == v for k, v in fields.items())

    def close(self):
        self.node.end()
        self.executor.shutdown()
        self.thread.join(5.0)
        for node in (self.node, self.around):
            node.destroy_node()


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "55")
    rclpy.init()
    made = []

    def make(**parameters):
        made.append(Bench(**parameters))
        return made[-1]

    yield make
    for one in made:
        one.close()
    rclpy.try_shutdown()


def test_service_and_topic_stop_and_the_service_resets(bench):
    cell = bench().start()
    cell.until(lambda: cell.is_now(stopped=False, speed=1.0), "not free")
    assert cell.call("/cell/stop").success
    cell.until(lambda: cell.is_now(stopped=True, speed=0.0), "not stopped")
    assert cell.call("/cell/reset").success
    cell.until(lambda: cell.is_now(stopped=False), "not reset")
    publisher = cell.around.create_publisher(Bool, "/cell/stop", RELIABLE)
    cell.until(lambda: publisher.get_subscription_count() > 0, "nobody listens")
    publisher.publish(Bool(data=False))
    publisher.publish(Bool(data=True))
    cell.until(lambda: cell.is_now(stopped=True, reason="a stop came on the topic /cell/stop"), "not stopped")


def test_the_hardware_input_stops_and_its_silence_too(bench):
    said = {"value": False}
    # longer than a machine that is busy with other things may pause
    cell = bench(hardware_topic="/estop", input_timeout=8.0)
    cell.feed(Bool, "/estop", lambda: None if said["value"] is None else Bool(data=said["value"]))
    cell.start()
    cell.until(lambda: cell.is_now(stopped=False), "not free")
    for value, words in ((True, "asks to stop"), (None, "nothing has come on /estop")):
        said["value"] = value
        cell.until(lambda w=words: cell.is_now(stopped=True) and w in cell.states[-1].reason, words)
        refused = cell.call("/cell/reset")
        assert not refused.success and words in refused.message
        said["value"] = False
        cell.until(lambda: cell.call("/cell/reset").success, "cannot be reset")
        cell.until(lambda: cell.is_now(stopped=False), "not free")


def test_the_zone_slows_then_stops(bench):
    said = {"range": math.inf}
    cell = bench(presence_topic="/range")
    cell.feed(Range, "/range", lambda: Range(range=said["range"]))
    cell.start()
    cell.until(lambda: cell.is_now(stopped=False, speed=1.0), "not free")
    said["range"] = 1.0
    cell.until(lambda: cell.is_now(stopped=False, speed=0.25), "not slow")
    said["range"] = 0.5
    cell.until(lambda: cell.is_now(stopped=True), "not stopped")


def test_a_motion_that_nobody_stops_is_cancelled_at_the_controller(bench):
    cell = bench()
    cancelled = threading.Event()

    def follow(handle):
        assert cancelled.wait(WAIT)
        handle.canceled()
        return FollowJointTrajectory.Result()

    def cancel(handle):
        cancelled.set()
        return CancelResponse.ACCEPT

    name = "/arm_controller/follow_joint_trajectory"
    ActionServer(cell.around, FollowJointTrajectory, name, follow, cancel_callback=cancel)
    client = ActionClient(cell.around, FollowJointTrajectory, name)
    cell.start()
    assert client.wait_for_server(WAIT)
    assert wait_for(client.send_goal_async(FollowJointTrajectory.Goal()), WAIT, name).accepted
    assert cell.call("/cell/stop").success
    assert cancelled.wait(WAIT)


def test_distances_the_wrong_way_round_refuse(bench):
    cell = bench(stop_distance=2.0)
    assert cell.node.trigger_configure() == TransitionCallbackReturn.FAILURE
