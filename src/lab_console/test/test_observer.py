"""Of which run a word is: another cell's is not believed."""

import dataclasses
import time

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from lab_interfaces.msg import Attempt, Outcome, TaskStatus
from rich.console import Console
from std_msgs.msg import Header

from lab_console.live import attempts_table
from lab_console.observer import Observer
from lab_console.run_record import RunRecord
from lab_core.geometry import OrientedBox, PinholeCamera
from lab_core.grasp import Grasp
from lab_core.scene import DepthView, Hypothesis, Part, Scene
from lab_node.conversions.grasp import grasp_message
from lab_node.conversions.scene import scene_message


@pytest.fixture
def ros(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "83")
    rclpy.init()
    yield
    rclpy.try_shutdown()


def listening(run):
    record = RunRecord(cell="", scene="", seed=0, speed=1.0)
    return Observer(record, None, lambda number, image: None, time.monotonic(), run=run)


@pytest.fixture
def observer(ros):
    made = listening("ours")
    yield made
    made.destroy_node()


@pytest.fixture
def watching(ros):
    """Of whatever cell there is."""
    made = listening("")
    yield made
    made.destroy_node()


def status(run, phase="done", **counts):
    return TaskStatus(header=Header(stamp=Time(sec=5)), run=run, phase=phase, **counts)


def test_a_status_of_another_run_is_not_believed(observer):
    observer._take_status(status("another", presented=2, placed=2))
    observer._take_attempt(Attempt(number=1, outcome=Outcome(code=Outcome.SUCCESS)))
    assert not observer.done.is_set()
    assert observer.record.placed == 0 and observer.record.attempts == []
    assert set(observer.refusals.all()) == {"/task/status", "/task/attempts"}
    observer._take_status(status("ours", "pick", presented=1))
    observer._take_attempt(Attempt(number=1))
    assert len(observer.record.attempts) == 1 and not observer.done.is_set()
    observer._take_status(status("ours", presented=1, placed=1))
    assert observer.done.is_set() and observer.record.placed == 1


def test_what_was_placed_before_the_task_was_started_anew_counts(observer):
    for counts in ({"placed": 3, "attempts": 4}, {"placed": 0, "attempts": 0}, {"placed": 3, "attempts": 3}):
        observer._take_status(status("ours", "pick", presented=5, **counts))
    assert observer.record.placed == 6
    # its first words were missed
    observer._take_status(status("ours", "pick", presented=5, placed=3, attempts=1))
    assert observer.record.placed == 9


def test_an_attempt_is_recorded_with_what_its_part_may_be(watching):
    box = OrientedBox(np.eye(4), np.full(3, 0.04))
    view = DepthView(np.eye(4), PinholeCamera(4, 3, 300.0, 300.0, 1.5, 1.0), np.ones((3, 4), np.float32))
    nut = Part("object_3", box, color_name="red", hypotheses=(Hypothesis("nut", 0.75),))
    watching._take_scene(scene_message(Scene(5_000_000_000, "base_link", objects=(nut,), view=view)))
    grasp = Grasp(5_000_000_000, "base_link", "object_3", np.eye(4), 0.03, 0.06, 0.1)
    watching._take_attempt(Attempt(number=1, object_id="object_3", grasp=grasp_message(grasp)))
    (attempt,) = watching.record.attempts
    assert (attempt.colour, attempt.hypotheses) == ("red", nut.hypotheses)
    console = Console(width=200)
    with console.capture() as said:
        console.print(attempts_table([attempt], "attempts"))
    assert "kind" in said.get() and "nut 0.75" in said.get()
    known_as_part = dataclasses.replace(attempt, hypotheses=(Hypothesis("part", 0.9),))
    with console.capture() as said:
        console.print(attempts_table([known_as_part], "attempts"))
    assert "kind" not in said.get()
