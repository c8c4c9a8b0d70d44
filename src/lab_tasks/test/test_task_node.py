"""The node with real messages: one task at a time, and what it says when the task itself is at fault."""

from __future__ import annotations

import threading
import time

import pytest
import rclpy
from lab_interfaces.action import ClearTable
from lab_interfaces.msg import Outcome, TaskStatus
from rclpy.action import ActionClient
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter

from lab_node.actions import wait_for
from lab_node.qos import LATCHED
from lab_node.rclpy_overrides import destroy_actions
from lab_tasks import clear_table, task_node
from lab_tasks.task_node import TaskNode

WAIT = 60.0


class Bench:
    """The node, and somebody who asks it."""

    def __init__(self, task):
        self.node = TaskNode("tasks", parameter_overrides=[Parameter("task", value=task)])
        self.around = Node("around")
        self.client = ActionClient(self.around, ClearTable, "/clear_table")
        self.statuses = []
        self.around.create_subscription(TaskStatus, "/task/status", self.statuses.append, LATCHED)
        self.executor = MultiThreadedExecutor(4)
        for node in (self.node, self.around):
            self.executor.add_node(node)
        self.thread = threading.Thread(target=self.executor.spin, daemon=True)
        self.thread.start()
        assert self.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.client.wait_for_server(WAIT)

    def activate(self):
        assert self.node.trigger_activate() == TransitionCallbackReturn.SUCCESS

    def send(self):
        return self.client.send_goal_async(ClearTable.Goal())

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def close(self):
        self.until(lambda: not any(t.name == "/clear_table" for t in threading.enumerate()), "never ended")
        self.executor.shutdown()
        self.thread.join()
        for node in (self.node, self.around):
            destroy_actions(node)
            node.destroy_node()


@pytest.fixture
def bench(monkeypatch):
    """Makes a bench whose node is inactive yet, by the parameter `task`."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "43")
    rclpy.init()
    made = []

    def make(task="none"):
        made.append(Bench(task))
        return made[-1]

    yield make
    for each in made:
        each.close()
    rclpy.shutdown()


def fails(job):
    raise ZeroDivisionError("of the test")


def test_a_defect_is_an_outcome_and_the_next_task_is_accepted(bench, monkeypatch):
    cell = bench()
    cell.activate()
    monkeypatch.setattr(clear_table, "run", fails)
    for _ in range(2):
        handle = wait_for(cell.send(), WAIT, "goal")
        assert handle.accepted
        outcome = wait_for(handle.get_result_async(), WAIT, "result").result.outcome
        assert outcome.code == Outcome.INTERNAL_ERROR
        assert outcome.message == "defect in the task: ZeroDivisionError: of the test"


def test_a_task_by_parameter_that_has_a_defect_is_done_and_says_so(bench, monkeypatch):
    cell = bench("clear_table")
    monkeypatch.setattr(clear_table, "run", fails)
    cell.activate()
    cell.until(lambda: cell.statuses and cell.statuses[-1].phase == "done", "never done")
    assert cell.statuses[-1].outcome.code == Outcome.INTERNAL_ERROR
    cell.until(lambda: wait_for(cell.send(), WAIT, "goal").accepted, "never free again")


def test_of_two_goals_at_once_one_is_refused(bench, monkeypatch):
    cell, answered = bench(), threading.Event()
    cell.activate()
    make = task_node.Job

    def make_slowly(*arguments):
        answered.wait(WAIT)
        return make(*arguments)

    monkeypatch.setattr(task_node, "Job", make_slowly)
    monkeypatch.setattr(clear_table, "run", lambda job: None)
    sent = [cell.send(), cell.send()]
    accepted = [wait_for(goal, WAIT, "goal").accepted for goal in sent]
    answered.set()
    assert sorted(accepted) == [False, True]


def test_a_defect_ends_the_worker(bench, monkeypatch):
    cell = bench()
    cell.activate()
    monkeypatch.setattr(
        cell.node, "_publish", lambda phase=None: fails(None) if phase == "first look" else None
    )
    handle = wait_for(cell.send(), WAIT, "goal")
    outcome = wait_for(handle.get_result_async(), WAIT, "result").result.outcome
    assert outcome.code == Outcome.INTERNAL_ERROR
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("task_")]
    cell.until(lambda: not any(thread.is_alive() for thread in workers), "the worker goes on")
