"""Rates and ages of inputs, without a node."""

import threading

import pytest

from lab_node.health import Inputs

S = 1_000_000_000


def test_rate_since_the_last_report_and_age_of_the_newest():
    inputs = Inputs()
    inputs.expect("/joint_states")
    inputs.expect("/image")
    inputs.report(0)
    for step in range(20):
        inputs.note("/image", step * S // 10)
    image, joints = inputs.report(2 * S)
    assert (image.topic, joints.topic) == ("/image", "/joint_states")
    assert image.rate == pytest.approx(10.0)
    assert image.age == pytest.approx(0.1)
    assert (joints.rate, joints.age) == (0.0, None)
    assert inputs.report(3 * S)[0].rate == 0.0
    assert inputs.report(3 * S)[0].age == pytest.approx(1.1)


def test_a_clock_that_stands_or_goes_back_is_no_rate():
    inputs = Inputs()
    inputs.report(5 * S)
    inputs.note("/image", 5 * S)
    assert inputs.report(5 * S)[0].rate == 0.0
    inputs.note("/image", S)
    assert inputs.report(S)[0].rate == 0.0


def test_nothing_is_lost_between_threads():
    inputs = Inputs()
    inputs.report(0)
    threads = [
        threading.Thread(target=lambda: [inputs.note("/image", 1) for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inputs.report(S)[0].rate == 8000.0
