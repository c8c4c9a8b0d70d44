"""The force on a pad, of samples of which single ones are wrong."""

import numpy as np
import pytest
from geometry_msgs.msg import WrenchStamped
from rclpy.time import Time

from lab_core.errors import StaleInputError
from lab_motion.control.pad import PadForce


def sample(milliseconds, force):
    message = WrenchStamped()
    message.header.stamp = Time(nanoseconds=1_000_000 * milliseconds).to_msg()
    message.wrench.force.y = float(force)
    return message


def pad_after(*samples):
    pad = PadForce("wrench of the left pad on /gripper/left_pad/wrench")
    for milliseconds, force in samples:
        pad.put(sample(milliseconds, force))
    return pad


def at(milliseconds):
    return Time(nanoseconds=1_000_000 * milliseconds)


def test_one_sample_without_force_is_no_lost_part():
    pad = pad_after((0, 20.0), (10, 21.0), (20, 22.0), (30, 21.5), (40, 0.0))
    assert pad.now(at(40), 0.2) == 21.0


def test_a_part_that_is_gone_is_felt_after_half_the_window():
    pad = pad_after(*((10 * i, 20.0 if i < 20 else 0.0) for i in range(23)))
    assert pad.now(at(220), 0.2) == 10.0  # three of six samples
    pad.put(sample(230, 0.0))
    assert pad.now(at(230), 0.2) == 0.0


def test_a_slow_pad_is_known_by_its_newest_sample():
    pad = pad_after((0, 20.0), (100, 3.0))
    assert pad.now(at(100), 0.2) == 3.0


def test_what_the_fingers_felt_before_they_were_closed_does_not_count():
    pad = pad_after((0, 0.0), (10, 0.0), (20, 0.0), (30, 30.0))
    pad.begin_anew(at(25), 1.0)
    assert pad.now(at(30), 0.2) == 30.0


def test_a_pad_that_has_fallen_silent_keeps_its_last_samples():
    pad = pad_after((0, 20.0))
    pad.begin_anew(at(10), 0.01)
    assert pad.now(at(10), 0.2) == 20.0


def test_after_a_reset_of_the_simulation_earlier_times_count():
    pad = pad_after((9000, 20.0), (9010, 20.0), (10, 3.0))
    assert pad.now(at(10), 0.2) == 3.0


def test_what_is_old_or_no_number_is_refused():
    with pytest.raises(StaleInputError, match=r"left pad .* 0\.50 s old"):
        pad_after((0, 20.0)).now(at(500), 0.2)
    with pytest.raises(StaleInputError, match="is its sensor sound"):
        pad_after((0, 20.0), (10, np.nan)).now(at(10), 0.2)
