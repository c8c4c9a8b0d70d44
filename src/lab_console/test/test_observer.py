"""Of which run a word is: another cell's is not believed."""

import time

import pytest
import rclpy
from builtin_interfaces.msg import Time
from lab_interfaces.msg import Attempt, Outcome, TaskStatus
from std_msgs.msg import Header

from lab_console.observer import Observer
from lab_console.run_record import RunRecord


@pytest.fixture
def observer(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "83")
    rclpy.init()
    record = RunRecord(cell="", scene="", seed=0, speed=1.0)
    made = Observer(record, None, lambda number, image: None, time.monotonic(), run="ours")
    yield made
    made.destroy_node()
    rclpy.try_shutdown()


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
