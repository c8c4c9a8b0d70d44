"""The task node with real messages of a stop node."""

import threading
import time

import pytest
import rclpy
from lab_interfaces.action import RunOrder
from lab_interfaces.msg import Attempt, OrderLine, Outcome, StopState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from table_of_boxes import TableOfBoxes

from lab_node.actions import wait_for
from lab_node.executor import ExecutorThread
from lab_node.permit import STOP_STATE
from lab_node.qos import ALIVE
from lab_node.rclpy_overrides import ActionClient, destroy_actions
from lab_tasks import task_node
from lab_tasks.task_node import TaskNode

WAIT = 60.0
EVERYTHING = [OrderLine(what="everything", to=["tray", "bin"])]


@pytest.fixture
def domain(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "98")
    rclpy.init()
    yield
    rclpy.try_shutdown()


def until(condition):
    deadline, pause = time.monotonic() + WAIT, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.005)


def test_a_stop_that_was_reset_at_once_ends_the_task(domain, monkeypatch):
    """The newest state alone says that nothing is stopped: the count tells."""
    table = TableOfBoxes({"a": (0.5, 0.0, 0.02), "b": (0.5, 0.1, 0.02)})
    monkeypatch.setattr(task_node, "RosSkills", lambda node, images=False: table)
    # the grasps of this table are no messages
    monkeypatch.setattr(task_node, "attempt_message", lambda attempt, header: Attempt(header=header))
    node, around = TaskNode("tasks"), Node("around")
    states = around.create_publisher(StopState, STOP_STATE, ALIVE)
    states.publish(StopState(speed=1.0, stops=3))
    executor = ExecutorThread(node, around)
    try:
        assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        until(lambda: node._permit.stops == 3)

        def stop_and_reset(skill):
            if skill == "pick":
                states.publish(StopState(speed=1.0, stops=4))
                until(lambda: node._permit.stops == 4)

        table.before_call = stop_and_reset
        client = ActionClient(around, RunOrder, "/run_order")
        assert client.wait_for_server(WAIT)
        handle = wait_for(client.send_goal_async(RunOrder.Goal(lines=EVERYTHING)), WAIT, "goal")
        result = wait_for(handle.get_result_async(), WAIT, "result").result
        assert result.outcome.code == Outcome.STOPPED, result.outcome.message
        table.parts = {}
        handle = wait_for(client.send_goal_async(RunOrder.Goal(lines=EVERYTHING)), WAIT, "goal")
        again = wait_for(handle.get_result_async(), WAIT, "result").result
        assert again.outcome.code == Outcome.NO_OBJECT, "the stop before the task began ended it"
    finally:
        node.end()
        executor.close()
        for each in (node, around):
            destroy_actions(each)
            each.destroy_node()
