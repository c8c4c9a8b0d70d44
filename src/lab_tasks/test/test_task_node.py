"""The node with real messages: one task at a time, and what it says when the task itself is at fault."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import rclpy
from lab_interfaces.action import RunOrder
from lab_interfaces.msg import OrderLine, Outcome, TaskStatus
from rclpy.action import ActionClient
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from table_of_boxes import TableOfBoxes

from lab_node.actions import wait_for
from lab_node.qos import LATCHED
from lab_node.rclpy_overrides import destroy_actions
from lab_tasks import order_tree, task_node
from lab_tasks.task_node import TaskNode

WAIT = 60.0
EVERYTHING = [OrderLine(what="everything", to=["tray", "bin"])]


class Bench:
    """The node, and somebody who asks it."""

    def __init__(self, order):
        self.node = TaskNode("tasks", parameter_overrides=[Parameter("order", value=order)])
        self.around = Node("around")
        self.client = ActionClient(self.around, RunOrder, "/run_order")
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

    def send(self, lines=EVERYTHING):
        return self.client.send_goal_async(RunOrder.Goal(lines=lines))

    def result(self, lines):
        handle = wait_for(self.send(lines), WAIT, "goal")
        assert handle.accepted
        return wait_for(handle.get_result_async(), WAIT, "result").result

    def until(self, condition, what):
        deadline, pause = time.monotonic() + WAIT, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            pause.wait(0.005)

    def close(self):
        self.until(lambda: not any(t.name == "/run_order" for t in threading.enumerate()), "never ended")
        self.executor.shutdown()
        self.thread.join()
        for node in (self.node, self.around):
            destroy_actions(node)
            node.destroy_node()


@pytest.fixture
def bench(monkeypatch):
    """Makes a bench whose node is inactive yet, by the parameter `order`."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "43")
    rclpy.init()
    made = []

    def make(order=""):
        made.append(Bench(order))
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
    monkeypatch.setattr(order_tree, "run", fails)
    for _ in range(2):
        handle = wait_for(cell.send(), WAIT, "goal")
        assert handle.accepted
        outcome = wait_for(handle.get_result_async(), WAIT, "result").result.outcome
        assert outcome.code == Outcome.INTERNAL_ERROR
        assert outcome.message == "defect in the task: ZeroDivisionError: of the test"


def test_a_task_by_parameter_that_has_a_defect_is_done_and_says_so(bench, monkeypatch):
    cell = bench("clear_table")
    monkeypatch.setattr(order_tree, "run", fails)
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
    monkeypatch.setattr(order_tree, "run", lambda job: None)
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


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (OrderLine(what="everything", to=["oven"]), "line 1: no destination 'oven': the cell has tray, bin"),
        (OrderLine(what="everything"), "line 1 has no destination"),
        (OrderLine(what="red boxes", to=["tray"], how_many=-3), "how_many is -3, expected 1 to 1000, or all"),
        (OrderLine(what="do not move", to=["tray"]), "'do not' forbids something; nothing moves"),
        (OrderLine(what="the gizmo", to=["tray"]), "these words are not known: 'gizmo'"),
        (OrderLine(what="", to=["tray"]), "the sentence is empty"),
        (OrderLine(what="red box " * 99, to=["tray"]), "at most 400 are read"),
        (OrderLine(what="the box", to=["tray"], side="moon"), "expected operator or robot"),
        (OrderLine(what="the box", to=["tray"], language="klingon"), "no language 'klingon'"),
        (OrderLine(what="the box", to=["tray"], clear_away_to="moon"), "no destination 'moon'"),
    ],
)
def test_an_order_that_cannot_be_meant_moves_nothing(bench, line, complaint):
    cell = bench()
    cell.activate()
    outcome = cell.result([line]).outcome
    assert outcome.code == Outcome.INVALID_REQUEST
    assert complaint in outcome.message
    assert cell.result([]).outcome.code == Outcome.INVALID_REQUEST  # and there is room for the next one


def test_an_order_by_parameter_that_is_none_refuses_to_configure(bench):
    with pytest.raises(AssertionError):
        bench("put the red box in the oven")


RED = (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("the red box", Outcome.AMBIGUOUS, "2 parts fit 'the red box': a, b; which one"),
        ("the blue box", Outcome.ABSENT, "no part fits 'the blue box'"),
        ("the black box", Outcome.BLOCKED, "d lies on c"),
    ],
)
def test_what_the_words_do_not_decide_is_an_outcome(bench, monkeypatch, what, code, words):
    places = {"a": (0.4, 0.1), "b": (0.5, 0.1), "c": (0.5, -0.1, 0.02), "d": (0.5, -0.1, 0.06)}
    table = TableOfBoxes({name: np.array([*place, 0.02][:3]) for name, place in places.items()})
    table.colours = {"a": RED, "b": RED, "d": (0.15, 0.6, 0.25)}
    monkeypatch.setattr(task_node, "RosSkills", lambda node, images=False: table)
    cell = bench()
    cell.activate()
    result = cell.result([OrderLine(what=what, to=["tray"])])
    assert result.outcome.code == code
    assert words in result.outcome.message
    (line,) = result.lines
    assert (line.placed, line.outcome, line.meaning) == (0, result.outcome, what)
    assert sorted(candidate.object_id for candidate in line.candidates) == sorted(places)
    assert table.asked("pick") == []
