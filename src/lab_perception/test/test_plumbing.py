"""Pairs of images, joint positions at their time, the newest-item worker, detectors by name."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_core.errors import ConfigurationError
from lab_perception.detector import DETECTORS, Instance
from lab_perception.errors import NoJointState
from lab_perception.frame_statistics import FrameStatistics
from lab_perception.joint_history import JointHistory
from lab_perception.pairing import Pairing
from lab_perception.segmentation import GeometricDetector
from lab_perception.testing.detector_contract import ContractBroken, check_detector
from lab_perception.worker import Worker


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_every_pair_is_found_in_any_order(first, second):
    pairing = Pairing(waiting=6)
    found = []
    for a, b in zip(first, second, strict=True):
        found += [pairing.put_first(a, f"color {a}"), pairing.put_second(b, f"depth {b}")]
    assert sorted(pair for pair in found if pair) == [(f"color {i}", f"depth {i}") for i in range(6)]


def test_halves_that_wait_too_long_are_given_up():
    pairing = Pairing(waiting=2)
    for stamp in range(3):
        assert pairing.put_first(stamp, stamp) is None
    assert pairing.put_second(0, 0) is None
    assert pairing.put_second(2, 2) == (2, 2)


def test_joint_positions_are_interpolated():
    history = JointHistory(["a", "b"])
    history.record(0, ["a", "b"], [0.0, 5.0])
    history.record(100, ["b", "a"], [7.0, 1.0])
    assert history.at(25) == {"a": pytest.approx(0.25), "b": pytest.approx(5.5)}
    assert history.at(100)["a"] == pytest.approx(1.0)


def test_joints_of_two_publishers_come_together():
    history = JointHistory(["arm", "finger"])
    history.record(0, ["arm"], [1.0])
    history.record(10, ["finger"], [2.0])
    assert history.at(10) == {"arm": 1.0, "finger": 2.0}


def test_a_state_of_velocities_alone_tells_no_positions():
    history = JointHistory(["a"])
    history.record(0, ["a"], [1.0])
    history.record(10, ["a"], [])
    assert history.at(10) == {"a": 1.0}


@pytest.mark.parametrize("stamp", [-300_000_000, 400_000_000])
def test_no_joint_state_near_the_image(stamp):
    history = JointHistory(["a"], max_gap=0.2)
    history.record(0, ["a"], [0.0])
    with pytest.raises(NoJointState, match=r"'a' within 0\.20 s"):
        history.at(stamp)


def test_an_instant_is_covered_once_a_later_state_has_come():
    history = JointHistory(["a"])
    assert not history.covers(0)
    history.record(5, ["a"], [0.0])
    assert history.covers(5)
    assert not history.covers(10)
    history.record(20, ["a"], [1.0])
    assert history.covers(10)


def test_a_clock_that_starts_again_forgets_the_joint_states():
    history = JointHistory(["a"])
    history.record(5_000_000_000, ["a"], [1.0])
    history.record(0, ["a"], [0.0])
    assert not history.covers(1)
    assert history.at(0) == {"a": 0.0}


def test_what_waits_longest_makes_way():
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()
    worked = []

    def work(item):
        worked.append(item)
        started.set()
        assert go_on.wait(60.0)
        if item == "newest":
            done.set()

    worker = Worker(work, "test", room=2)
    assert not worker.put("first")
    assert started.wait(60.0)
    assert not worker.put("oldest")
    assert not worker.put("older")
    assert worker.put("newest")
    go_on.set()
    assert done.wait(60.0)
    worker.close()
    assert worked == ["first", "older", "newest"]


def test_statistics_tell_their_percentiles():
    statistics = FrameStatistics()
    for displaced, seconds in ((False, 0.01), (True, 0.02), (False, 0.03)):
        statistics.receive(displaced)
        statistics.process(seconds)
    assert statistics.milliseconds()[0] == pytest.approx(20.0)
    assert str(statistics).startswith("3 frames in, 3 processed, 1 dropped, p50 20.0 ms")
    assert FrameStatistics().milliseconds() == (0.0, 0.0)


def test_the_installed_detector_keeps_the_contract():
    check_detector(DETECTORS.make("geometric").plugin)


def test_a_detector_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigurationError, match=r"'clairvoyant'.*geometric"):
        DETECTORS.make("clairvoyant")


class Blind:
    accurate_on_blocks = True

    def detect(self, frame, surface):
        return []


class Careless(GeometricDetector):
    def detect(self, frame, surface):
        surface.points[:] = 0
        return super().detect(frame, surface)


class Overlapping(GeometricDetector):
    def detect(self, frame, surface):
        return [instance for instance in super().detect(frame, surface) for _ in range(2)]


class Moody(GeometricDetector):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def detect(self, frame, surface):
        self.calls += 1
        found = super().detect(frame, surface)
        return found[: len(found) - self.calls % 2]


class WrongSize:
    def detect(self, frame, surface):
        return [Instance(np.ones(frame.depth.shape, np.bool_))]


@pytest.mark.parametrize(
    ("detector", "complaint"),
    [
        (object(), "no method detect"),
        (Blind(), "0 parts found"),
        (Careless(), "was changed"),
        (Overlapping(), "overlaps another"),
        (Moody(), "different parts"),
        (WrongSize(), "expected bool"),
    ],
)
def test_a_detector_that_breaks_the_contract_is_told_so(detector, complaint):
    with pytest.raises(ContractBroken, match=complaint):
        check_detector(detector)


def test_images_that_take_too_long_are_told_with_the_fix():
    statistics = FrameStatistics()
    for _ in range(3):
        statistics.receive(displaced=True)
        statistics.process(0.1)
    assert statistics.slowness(1280, 720) == ""
    for _ in range(5):
        statistics.process(1.0)
    said = statistics.slowness(1280, 720)
    assert "an image of 1280x720 takes 1.0 s (3 of 3 were dropped)" in said
    assert "lower the camera's resolution" in said
