"""The operator's keys against a real stop node."""

import os
import subprocess
import sys
import threading
import time

import pytest
import rclpy
from lab_interfaces.action import RunOrder
from lab_interfaces.msg import OrderLine
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from lab_console.operator_keys import RESET, STOP, Operator
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import success
from lab_node.executor import ExecutorThread
from lab_node.permit import Permit
from lab_node.rclpy_overrides import destroy_actions
from lab_stop.stop_node import StopNode

DOMAIN = "80"
LINES = [OrderLine(what="everything", to=["tray"])]


def until(condition, what):
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within 60 s"
        pause.wait(0.02)


class Cell:
    """A stop node with a button, a task that notes when it is started, and an operator."""

    def __init__(self):
        button = Parameter("hardware_topic", value="/estop")
        self.stop_node = StopNode("stop", parameter_overrides=[button])
        self.node = Node("cell")
        self.operator = Operator(self.node)
        self.permit = Permit(self.node, 60.0)
        self.pressed, self.started = False, []
        button = self.node.create_publisher(Bool, "/estop", 10)
        self.node.create_timer(0.05, lambda: button.publish(Bool(data=self.pressed)))
        serve_action(self.node, RunOrder, "/run_order", self._clear)
        self._executor = ExecutorThread(self.stop_node, self.node)
        self.stop_node.trigger_configure()
        until(lambda: button.get_subscription_count(), "connection to the stop node")
        self.stop_node.trigger_activate()
        until(self.operator.connected, "connection of the operator")
        until(lambda: self.permit.refusal() is None, "permission to move")

    def _clear(self, handle):
        self.started.append(handle)
        return RunOrder.Result(outcome=success())

    def close(self):
        self._executor.close()
        for node in (self.stop_node, self.node):
            destroy_actions(node)
            node.destroy_node()


@pytest.fixture
def cell(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", DOMAIN)
    rclpy.init()
    made = Cell()
    yield made
    made.close()
    rclpy.try_shutdown()


def test_a_stop_holds_until_the_operator_resets_it_and_starts_the_task(cell):
    cell.operator.stop()
    until(cell.permit.stopped, "stop")
    assert cell.started == []
    cell.operator.reset_and_start(LINES)
    until(lambda: cell.started, "start of the task")
    assert cell.started[0].request.lines == LINES
    until(lambda: cell.permit.refusal() is None, "permission to move")


def test_a_stop_that_nobody_heard_is_said_again_when_somebody_does(cell, monkeypatch):
    publisher = cell.operator._stop
    publish = publisher.publish
    listeners = []
    monkeypatch.setattr(publisher, "get_subscription_count", lambda: len(listeners))
    monkeypatch.setattr(publisher, "publish", lambda message: listeners and publish(message))
    cell.operator.stop()
    assert not cell.operator.connected() and cell.permit.stopped() is None
    listeners.append("the stop node")
    until(cell.permit.stopped, "stop")


def test_nothing_is_started_while_the_cause_of_the_stop_is_there(cell):
    cell.pressed = True
    until(cell.permit.stopped, "stop")
    cell.operator.reset_and_start(LINES)
    asked = cell.operator._reset.call_async(Trigger.Request())  # answered after the one before it
    until(asked.done, "answer to a reset")
    assert not asked.result().success and cell.started == []
    assert cell.permit.stopped()


def test_keys_of_lab_watch_stop_and_reset_a_running_cell(cell):
    ours, its = os.openpty()
    command = [sys.executable, "-m", "lab_console.watch"]
    console = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    )
    shown = []
    threading.Thread(target=lambda: read(ours, shown), daemon=True).start()
    try:
        until(lambda: f"{STOP}: stop, {RESET}: reset" in "".join(shown), "hint of the keys")
        os.write(ours, b"x" + STOP.upper().encode())
        until(cell.permit.stopped, "stop")
        until(lambda: "does not move" in "".join(shown), "word of the stop")
        os.write(ours, RESET.encode())
        until(lambda: cell.permit.refusal() is None, "reset")
        assert cell.started == []  # that is another decision
        console.send_signal(2)
        assert console.wait(60.0) == 0, "".join(shown)
    finally:
        console.kill()
        os.close(its)


def read(terminal, shown):
    try:
        while text := os.read(terminal, 4096):
            shown.append(text.decode(errors="replace"))
    except OSError:  # closed
        pass
