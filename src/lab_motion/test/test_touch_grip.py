"""What counts as holding, of fingers with tactile pads."""

import numpy as np
import pytest

from lab_description import load_cell
from lab_motion.skills.grip.port import GRIP_SENSORS, ExpectedGrip, GripSensor
from lab_motion.skills.grip.touch import TouchReading
from lab_motion.testing.grip_contract import Examples, GripContract
from lab_touch.contact import Contact
from lab_touch.slip import Slip, SlipKind

WIDTH, OPENING = 0.030, 0.060
GRIPPER = load_cell("ur5e_touch").gripper
EXPECTED = ExpectedGrip("part_1", WIDTH, OPENING)


def slip(kind: SlipKind, turning: bool = False) -> Slip:
    contact = Contact(True, 1.0, 2.0, 0.05, np.zeros(2), 1e-4, 1e-4)
    return Slip(kind, 0.9, turning, None, None, contact, None)


class TestTouch(GripContract):
    def make(self) -> GripSensor:
        return GRIP_SENSORS.make(GRIPPER.grip_sensor, GRIPPER).plugin

    def examples(self) -> Examples:
        return Examples(
            expected=EXPECTED,
            ready=TouchReading(OPENING),
            not_ready=TouchReading(WIDTH, (0.0, 0.0)),
            held=(TouchReading(0.031, (1.0, 0.9)), TouchReading(0.029, (2.0, 1.5))),
            empty=(TouchReading(0.0, (25.0, 25.0)), TouchReading(WIDTH, (0.0, 0.05))),
            released=TouchReading(0.042, (0.0, 0.0)),
            stuck=TouchReading(0.042, (5.0, 5.0)),
        )


@pytest.mark.parametrize(("turning", "word"), [(False, "slips"), (True, "turns")])
def test_a_part_that_slips_is_held_and_said_to_slip(turning: bool, word: str) -> None:
    sensor = GRIP_SENSORS.make("touch", GRIPPER).plugin
    grip = sensor.closed(TouchReading(0.031, (2.0, 2.0)), EXPECTED)
    slips = (slip(SlipKind.INCIPIENT), slip(SlipKind.GROSS, turning))
    judgement = sensor.holding(TouchReading(0.031, (2.0, 2.0), slips=slips), grip)
    assert judgement.held and judgement.reason.endswith(f"the part {word} between the pads")
    quiet = sensor.holding(TouchReading(0.031, (2.0, 2.0), slips=(slips[0], slips[0])), grip)
    assert "between the pads" not in quiet.reason


def test_fingers_that_rub_on_something_hold_nothing() -> None:
    sensor = GRIP_SENSORS.make("touch", GRIPPER).plugin
    grip = sensor.closed(TouchReading(WIDTH, (0.0, 0.1), stalled=True), EXPECTED)
    assert not grip.held
    assert grip.reason == "something stopped the fingers, and the pads feel 0.0 N and 0.1 N"


@pytest.mark.parametrize(("force", "held"), [(1.0, False), (5.0, True)])
def test_a_skin_that_follows_late_does_not_keep_the_part(force: float, held: bool) -> None:
    """A hand that held with 30 N, wide open a third of a second later, felt 0.3 N."""
    sensor = GRIP_SENSORS.make("touch", GRIPPER).plugin
    grip = sensor.closed(TouchReading(0.040, (2.0, 2.0)), EXPECTED)
    assert sensor.released(TouchReading(0.085, (force, force), wanted=30.0), grip).held is held
    assert sensor.released(TouchReading(0.085, (force, force), wanted=2.0), grip).held
