"""What the node records, and what becomes of it when it cannot be written."""

import json
import os
import threading
import time

import pytest
import rclpy
from lab_interfaces.msg import Attempt, HeldPart, Outcome, StopState
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from lab_node.executor import ExecutorThread
from lab_node.permit import STOP_STATE
from lab_node.qos import ALIVE, HISTORY, LATCHED
from lab_recorder import recorder_node
from lab_recorder.mcap_file import read_mcap
from lab_recorder.recorder_node import RecorderNode
from lab_recorder.recording import COLOR


def until(condition, what):
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"no {what} within 60 s"
        pause.wait(0.02)
    return value


def test_a_record_is_nobody_elses(monkeypatch):
    monkeypatch.setattr(recorder_node, "spin", lambda make: None)
    before = os.umask(0o022)
    try:
        recorder_node.main()
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)


class Bench:
    """A recorder into a folder, and a node that is the rest of the cell."""

    def __init__(self, folder, **parameters):
        self.folder = folder
        given = {"folder": str(folder), "write_period": 1.0, "min_free": 0.0, **parameters}
        self.cell = Node("cell")
        self.attempts = self.cell.create_publisher(Attempt, "/task/attempts", HISTORY)
        self.recorder = RecorderNode(
            parameter_overrides=[Parameter(name, value=value) for name, value in given.items()]
        )
        self._executor = ExecutorThread(self.cell, self.recorder)
        self.recorder.trigger_configure()
        self.recorder.trigger_activate()
        self._number = 0

    def fail(self):
        """Tell of an attempt that failed."""
        until(self.attempts.get_subscription_count, "connection to the recorder")
        self._number += 1
        outcome = Outcome(code=Outcome.GRASP_EMPTY, stage="contact", message="nothing is in the hand")
        self.attempts.publish(Attempt(number=self._number, outcome=outcome))

    def trouble(self):
        return self.recorder.diagnose().trouble

    def close(self):
        self.recorder.end()
        self._executor.close()
        for node in (self.recorder, self.cell):
            node.destroy_node()


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "79")
    rclpy.init()
    made = []

    def make(**parameters):
        made.append(Bench(tmp_path / "run", **parameters))
        return made[-1]

    yield make
    for each in made:
        each.close()
    rclpy.try_shutdown()


def test_a_stop_and_what_the_hand_held_are_in_the_ring(bench):
    run = bench()
    states = run.cell.create_publisher(StopState, STOP_STATE, ALIVE)
    held = run.cell.create_publisher(HeldPart, "/motion/held", LATCHED)
    states.publish(StopState(stopped=False))
    states.publish(StopState(stopped=True, reason="an operator stopped the cell"))
    held.publish(HeldPart(object_id="object_1"))
    file = run.folder / "blackbox.mcap"
    wanted = {f"/{STOP_STATE}", "/motion/held"}
    until(lambda: file.is_file() and wanted <= {item.topic for item in read_mcap(file)}, "ring with a stop")


def test_images_are_recorded_as_they_came(bench):
    run = bench()
    images = run.cell.create_publisher(Image, COLOR, 10)
    sent = [Image(height=1, width=4, data=bytes([k] * 4)) for k in range(8)]
    until(images.get_subscription_count, "connection to the recorder")
    for image in sent:
        images.publish(image)
    file = run.folder / "blackbox.mcap"

    def back():
        found = read_mcap(file) if file.is_file() else []
        return [item.entry.message() for item in found if item.topic == COLOR]

    until(lambda: back() == [serialize_message(image) for image in sent], "images in the ring")


def test_cases_that_take_too_much_disk_leave_the_ring_alone(bench):
    run = bench(max_disk=10.0)
    old = run.folder / "cases" / "001" / "ring.mcap"
    old.parent.mkdir(parents=True)
    old.write_bytes(bytes(11_000_000))
    run.fail()
    trouble = until(run.trouble, "word that a case was not written")
    assert "002 was not written: the cases have 11 MB, the limit is 10 MB" in trouble
    written = until((run.folder / "blackbox.mcap").is_file, "ring on the disk")
    assert written and not (run.folder / "cases" / "002").exists()
    assert run.trouble() == trouble  # what became of the ring says nothing of the cases


def test_a_defect_while_a_case_is_written_is_told(bench, monkeypatch):
    def torn(*arguments):
        raise ValueError("torn")

    monkeypatch.setattr(recorder_node, "save_case", torn)
    run = bench()
    run.fail()
    assert "was not written: ValueError: torn" in until(run.trouble, "word that a case was not written")


def test_versions_are_those_of_the_begin_and_nobody_waits_for_them(bench, monkeypatch):
    asked = []

    def versions():
        asked.append(threading.current_thread().name)
        return {"source": f"commit {len(asked)}"}

    monkeypatch.setattr(recorder_node, "versions", versions)
    run = bench()
    for case in ("001", "002"):
        run.fail()
        file = run.folder / "cases" / case / "case.json"
        until(file.is_file, f"case {case}")
        assert json.loads(file.read_text())["versions"] == {"source": "commit 1"}
    assert asked == ["recorder_0"]
