"""Identities from frame to frame."""

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform
from lab_core.scene import Part
from lab_perception.tracking import Tracker, TrackingSettings

FRAME = 66_666_667
RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.2, 0.8)


def seen(x, y, color=RED, size=0.04):
    box = OrientedBox(make_transform(np.eye(3), [x, y, size / 2]), np.full(3, size))
    return Part("", box, color=np.array(color))


@pytest.fixture
def tracker():
    return Tracker()


def test_order_does_not_matter(tracker):
    assert tracker.update([seen(0.4, 0.0), seen(0.5, 0.1)], 0) == ["object_1", "object_2"]
    assert tracker.update([seen(0.5, 0.1), seen(0.4, 0.0)], FRAME) == ["object_2", "object_1"]


def test_a_part_may_move_a_little(tracker):
    for step in range(10):
        assert tracker.update([seen(0.4 + 0.02 * step, 0.0)], step * FRAME) == ["object_1"]


def test_a_part_that_jumps_is_another_one(tracker):
    tracker.update([seen(0.4, 0.0)], 0)
    assert tracker.update([seen(0.6, 0.0)], FRAME) == ["object_2"]


@pytest.mark.parametrize("other", [seen(0.41, 0.0, color=BLUE), seen(0.41, 0.0, size=0.1)])
def test_another_colour_or_size_is_another_part(tracker, other):
    tracker.update([seen(0.4, 0.0)], 0)
    assert tracker.update([other], FRAME) == ["object_2"]


def test_the_sum_of_all_shifts_decides(tracker):
    """The nearest pair first would leave the other part without a partner."""
    tracker.update([seen(0.40, 0.0), seen(0.44, 0.0)], 0)
    assert tracker.update([seen(0.43, 0.0), seen(0.47, 0.0)], FRAME) == ["object_1", "object_2"]


def test_a_part_behind_the_arm_keeps_its_identity(tracker):
    tracker.update([seen(0.4, 0.0), seen(0.5, 0.1)], 0)
    for step in range(1, 30):
        assert tracker.update([seen(0.5, 0.1)], step * FRAME) == ["object_2"]
    assert tracker.update([seen(0.4, 0.0), seen(0.5, 0.1)], 30 * FRAME) == ["object_1", "object_2"]


def test_the_time_behind_the_robot_does_not_count():
    tracker = Tracker(TrackingSettings(memory=1.0))
    tracker.update([seen(0.4, 0.0), seen(0.5, 0.1)], 0)
    for step in range(1, 100):
        tracker.update([], step * FRAME, hidden=lambda point: point[0] < 0.45)
    assert tracker.update([seen(0.4, 0.0), seen(0.5, 0.1)], 100 * FRAME) == ["object_1", "object_3"]


def test_identities_are_not_used_again():
    tracker = Tracker(TrackingSettings(memory=1.0))
    tracker.update([seen(0.4, 0.0)], 0)
    for step in range(1, 20):
        tracker.update([], step * FRAME)
    assert tracker.update([seen(0.4, 0.0)], 20 * FRAME) == ["object_2"]


def test_a_clock_that_starts_again_forgets_the_parts_but_not_the_numbers(tracker):
    tracker.update([seen(0.4, 0.0)], 100 * FRAME)
    assert tracker.update([seen(0.4, 0.0)], 0) == ["object_2"]


def test_nothing_seen(tracker):
    assert tracker.update([], 0) == []
