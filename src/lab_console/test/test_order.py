"""lab order: read back, refused, approved, carried out, taken back."""

import io
import threading

import pytest
import rclpy
from lab_interfaces.action import RunOrder
from lab_interfaces.msg import LineResult, Outcome
from rclpy.node import Node
from rich.console import Console

from lab_console import order
from lab_core.errors import CancelledError, UnavailableError
from lab_node.actions import serve_action
from lab_node.executor import ExecutorThread
from lab_node.rclpy_overrides import destroy_actions
from lab_tasks.orders.order import understood
from lab_tasks.orders.sources import read_order

DESTINATIONS = ["tray", "bin"]
SENTENCE = "put two red boxes in the tray and the ball in the bin"
ORDER = understood(read_order(SENTENCE, DESTINATIONS), DESTINATIONS)


def test_an_order_is_read_back_without_a_cell(capsys):
    assert order.main([SENTENCE, "--dry-run"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 red boxes" in said and "the ball" in said and "the operator's side" in said
    assert order.main(["kitting", "--dry-run"]) == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("put the red box in the oven", "these words are not known: 'oven'"),
        ("do not put the red box in the tray", "forbids something"),
        ("", "the order is empty"),
        ("kiting", "no order 'kiting'"),
    ],
)
def test_what_is_no_order_is_refused_in_one_sentence(capsys, text, complaint):
    assert order.main([text, "--dry-run"]) == order.main([text, "--yes"]) == 2
    assert complaint in " ".join(capsys.readouterr().out.split())


def test_nothing_moves_where_nobody_can_say_yes(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert order.main(["kitting"]) == 2
    assert "say --yes" in capsys.readouterr().out


@pytest.mark.parametrize(("answer", "expected"), [("y", True), (" YES ", True), ("", False), ("no", False)])
def test_a_person_says_yes(monkeypatch, answer, expected):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert order.approved(Console(file=io.StringIO()), lambda question: answer) is expected


def test_a_sentence_that_is_a_stop_is_told_from_an_order():
    assert order.is_stop("stop") and order.is_stop("停低")
    assert not any(order.is_stop(text) for text in ("don't stop", "kitting", "stop and go on", "唔好停"))


@pytest.fixture
def cell(monkeypatch):
    """A node beside a server of orders that answers as the test says."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "81")
    rclpy.init()
    node, answers, goals = Node("console"), [], []

    def serve(goal):
        goals.append(goal)
        return answers.pop(0)(goal)

    serving = Node("tasks")
    serve_action(serving, RunOrder, "/run_order", serve)
    executor = ExecutorThread(node, serving)
    yield node, answers, goals
    executor.close()
    for each in (node, serving):
        destroy_actions(each)
        each.destroy_node()
    rclpy.try_shutdown()


def test_the_cell_gets_exactly_what_was_read_back(cell):
    node, answers, goals = cell
    done = RunOrder.Result(lines=[LineResult(meaning="2 red boxes", placed=2)], placed=2)
    answers.append(lambda goal: done)
    result = order.carry_out(node, ORDER, Console(file=io.StringIO()))
    assert result.outcome.code == Outcome.SUCCESS and result.lines[0].placed == 2
    assert [(line.what, list(line.to)) for line in goals[0].request.lines] == [
        ("two red boxes", ["tray"]),
        ("the ball", ["bin"]),
    ]


def test_ctrl_c_takes_the_order_back(cell, monkeypatch):
    node, answers, _ = cell
    cancelled = threading.Event()

    def until_cancelled(goal):
        while not goal.is_cancel_requested:
            cancelled.wait(0.01)
        raise CancelledError("the task was cancelled")

    answers.append(until_cancelled)
    pauses = []

    def interrupted(seconds):
        pauses.append(seconds)
        if len(pauses) == 1:
            raise KeyboardInterrupt
        cancelled.wait(seconds)

    monkeypatch.setattr(order.time, "sleep", interrupted)
    result = order.carry_out(node, ORDER, Console(file=io.StringIO()))
    assert result.outcome.code == Outcome.CANCELLED


def test_without_a_cell_it_says_so(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "82")
    monkeypatch.setattr(order, "SERVER", 0.3)
    monkeypatch.setattr(order, "HEARD", 0.3)
    rclpy.init()
    node = Node("console")
    executor = ExecutorThread(node)
    try:
        with pytest.raises(UnavailableError, match="no cell answers on /run_order"):
            order.carry_out(node, ORDER, Console(file=io.StringIO()))
        with pytest.raises(UnavailableError, match="nobody hears the stop"):
            order.stop(node)
    finally:
        executor.close()
        destroy_actions(node)
        node.destroy_node()
        rclpy.try_shutdown()
