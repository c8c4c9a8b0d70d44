import math

import pytest
from synthetic import Pad

from lab_touch.errors import ContradictoryLimits, CrushLimitReached
from lab_touch.grip_control import GripControl, GripLimits
from lab_touch.slip import SlipDetector


class Held:
    """A part of a weight and a friction between two pads that press it with what the control says."""

    def __init__(self, friction, limits, seed=0):
        self.pads = [Pad(seed, frame="left_pad"), Pad(seed + 1, frame="right_pad")]
        self.detectors = [SlipDetector(pad.rest()) for pad in self.pads]
        self.control = GripControl(limits)
        self.friction, self.now = friction, 0.0
        self.force = limits.gentle

    def carry(self, weight, askew=False):
        """One sample; weight: N on both pads, along z of both. askew: along x of both, which face each other:
        against each other."""
        used, angle = min(0.5 * weight / (self.friction * self.force), 1.0), 0.0 if askew else 0.5 * math.pi
        slips = [
            detector.update(pad.held(self.force, used, self.friction, angle=angle))
            for detector, pad in zip(self.detectors, self.pads, strict=True)
        ]
        self.now += 0.008
        self.force += 0.3 * (self.control.update(slips, self.now) - self.force)
        return used


@pytest.mark.parametrize("friction", [0.25, 0.5, 0.9])
def test_the_force_follows_the_weight_and_keeps_a_margin(friction):
    held = Held(friction, GripLimits(gentle=2.0, most=60.0))
    weight = 6.0
    for step in range(200):
        held.carry(weight * min(step / 100.0, 1.0))
    needed = 0.5 * weight / friction
    assert 1.1 * needed < held.force < 1.7 * needed
    assert all(held.carry(weight) < 0.95 for _ in range(50))


def test_a_light_part_is_held_as_gently_as_the_hand_closed():
    held = Held(0.6, GripLimits(gentle=2.0))
    for _ in range(100):
        held.carry(0.5)
    assert held.control.force == 2.0 and held.control.slips == 0


def test_the_force_does_not_fall_when_the_load_does():
    held = Held(0.4, GripLimits(gentle=2.0))
    for step in range(200):
        held.carry(6.0 * min(step / 100.0, 1.0))
    most = held.control.force
    for _ in range(50):
        held.carry(1.0)
    assert held.control.force == most


def test_a_slip_tightens_by_a_step_and_is_counted():
    held = Held(0.4, GripLimits(gentle=4.0, most=60.0))
    for _ in range(20):
        held.carry(1.0)
    for _ in range(60):
        held.carry(5.0)  # more than 4 N hold
    assert held.control.slips >= 1
    assert held.carry(5.0) < 0.95 and held.control.force < 1.7 * 6.25


def test_what_the_pads_do_to_each_other_asks_for_no_force():
    """A part that lay askew was gripped with 22 N instead of 2: 92 % of its friction was the pads' own."""
    held = Held(0.6, GripLimits(gentle=2.0))
    for _ in range(100):
        held.carry(2.0 * 0.92 * held.friction * held.force, askew=True)
    for _ in range(20):
        held.carry(2.0 * held.friction * held.force, askew=True)  # it slips straight
    assert held.control.force == 2.0 and held.control.slips == 0


def test_a_part_on_which_one_finger_stands_still_is_pushed_along():
    """Closing with 2 N, the fingers stopped at a part that lay nearer to one of them."""
    pads = [Pad(1, frame="left_pad"), Pad(2, frame="right_pad")]
    detectors = [SlipDetector(pad.rest()) for pad in pads]
    control = GripControl(GripLimits(gentle=2.0, most=30.0))
    for step in range(100):
        left = pads[0].held(control.force, 0.0, 0.5)
        slips = [detectors[0].update(left), detectors[1].update(pads[1].sample())]
        control.update(slips, 0.008 * step)
    assert control.force == 8.0 and control.slips == 0


def test_what_the_part_bears_is_never_exceeded_and_said():
    held = Held(0.3, GripLimits(gentle=2.0, most=5.0))
    with pytest.raises(
        CrushLimitReached, match=r"asks for .* N on each pad, and it bears 5\.0 N: put it down"
    ):
        for step in range(300):
            held.carry(0.1 * step)
    assert held.control.force <= 5.0


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"gentle": 5.0, "most": 3.0}, r"closes with 5\.0 N, and the part bears 3\.0 N"),
        ({"gentle": 0.0}, r"closes with 0\.0 N"),
        ({"used": 1.2}, r"used: .* 1\.20 .* expected 0\.1 to 0\.95"),
        ({"slip_factor": 0.5}, r"slip_factor: 0\.50, expected 1 to 3"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(limits, sentence):
    with pytest.raises(ContradictoryLimits, match=sentence):
        GripLimits(**limits)
