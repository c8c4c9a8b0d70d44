"""What counts as holding, of fingers."""

import math

import pytest

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_motion.motion_parameters import MotionParameters
from lab_motion.skills.grip.fingers import (
    FingerGrip,
    FingerParameters,
    PadReading,
    judge_closing,
    judge_lifting,
)
from lab_motion.skills.grip.port import GRIP_SENSORS, ExpectedGrip, GripSensor
from lab_motion.testing.grip_contract import Examples, GripContract

WIDTH, OPENING = 0.030, 0.060
GRIPPER = load_cell("ur5e_table").end_effector
EXPECTED = ExpectedGrip("part_1", WIDTH, OPENING)


class TestFingersWithPads(GripContract):
    def make(self) -> GripSensor:
        return GRIP_SENSORS.make("fingers", GRIPPER).plugin

    def examples(self) -> Examples:
        return Examples(
            expected=EXPECTED,
            ready=PadReading(OPENING, (0.0, 0.0)),
            not_ready=PadReading(WIDTH, (0.0, 0.0)),
            held=(PadReading(0.031, (20.0, 21.0)), PadReading(0.029, (9.0, 8.0))),
            empty=(PadReading(0.0, (25.0, 25.0)), PadReading(WIDTH, (0.0, 0.2))),
            released=PadReading(0.042, (0.0, 0.0)),
            stuck=PadReading(0.042, (5.0, 5.0)),
        )


class TestFingersWithoutPads(TestFingersWithPads):
    def examples(self) -> Examples:
        return Examples(
            expected=EXPECTED,
            ready=PadReading(OPENING),
            not_ready=PadReading(WIDTH),
            held=(PadReading(0.031, stalled=True), PadReading(0.029, stalled=True)),
            empty=(PadReading(0.0, stalled=False), PadReading(0.005, stalled=True)),
            released=PadReading(0.042, stalled=False),
            stuck=PadReading(0.031, stalled=True),
        )


@pytest.mark.parametrize(
    ("opening", "forces", "held", "words"),
    [
        (0.030, (20.0, 21.0), True, "held at 30.0 mm"),
        (0.027, (20.0, 21.0), True, "30.0 mm were planned"),
        (0.041, (20.0, 21.0), True, "held"),
        (0.000, (25.0, 25.0), False, "the pads met"),
        (0.001, (25.0, 25.0), False, "the pads met"),
        (0.030, (0.0, 0.2), False, "no force on both pads"),
        (0.030, (20.0, 0.1), False, "no force on both pads"),
        (0.030, (-3.0, 20.0), False, "left -3.0 N"),
        (0.0595, (20.0, 20.0), False, "could not close"),
        (0.057, (20.0, 20.0), False, "far wider"),
    ],
)
def test_after_closing(opening: float, forces: tuple[float, float], held: bool, words: str) -> None:
    judgement = judge_closing(PadReading(opening, forces), WIDTH, OPENING)
    assert judgement.held is held
    assert words in judgement.reason


@pytest.mark.parametrize(
    ("reading", "miss", "held"),
    [
        (PadReading(0.057, (20.0, 20.0)), 0.0, False),
        (PadReading(0.057, (20.0, 20.0)), 0.006, True),
        (PadReading(0.0625, (20.0, 20.0)), 0.006, False),
        (PadReading(0.012, stalled=True), 0.0, False),
        (PadReading(0.012, stalled=True), 0.006, True),
        (PadReading(0.0, (20.0, 20.0)), 0.020, False),
    ],
)
def test_a_hand_that_may_miss_the_part_allows_for_another_width(reading, miss, held) -> None:
    """And closed pads prove nothing, however large the error."""
    assert judge_closing(reading, WIDTH, 0.080, miss=miss).held is held
    assert FingerGrip(GRIPPER).closed(reading, ExpectedGrip("part_1", WIDTH, 0.080, miss)).held is held


@pytest.mark.parametrize(("opening", "held"), [(0.005, True), (0.004, True), (0.0005, False)])
def test_a_thin_part_is_told_from_none(opening: float, held: bool) -> None:
    """5 mm between the pads; the pads' own rubber and a joint's resolution make half a millimetre."""
    assert judge_closing(PadReading(opening, (20.0, 20.0)), 0.005, 0.02).held is held


def test_a_sheet_of_two_millimetres_is_held() -> None:
    assert judge_closing(PadReading(0.0014, (20.0, 20.0)), 0.002, 0.02).held


def test_a_part_that_barely_fits_is_held() -> None:
    """The fingers of an 85 mm hand hardly move."""
    assert judge_closing(PadReading(0.0835, (20.0, 20.0)), 0.083, 0.0848).held


@pytest.mark.parametrize(("stalled", "held"), [(True, True), (None, False), (False, False)])
def test_without_tactile_sensors_the_stall_counts(stalled: bool | None, held: bool) -> None:
    assert judge_closing(PadReading(0.030, stalled=stalled), WIDTH, OPENING).held is held


@pytest.mark.parametrize(
    ("opening", "width", "held"),
    [
        (0.004, 0.030, False),  # a closed hand that is out of adjustment by 4 mm
        (0.014, 0.030, False),
        (0.020, 0.030, True),  # a part that has turned between the fingers
        (0.004, 0.005, True),
        (0.002, 0.005, False),
    ],
)
def test_without_tactile_sensors_fingers_far_too_narrow_hold_nothing(opening, width, held) -> None:
    assert judge_closing(PadReading(opening, stalled=True), width, OPENING).held is held
    assert judge_closing(PadReading(opening, (20.0, 20.0), stalled=True), width, OPENING).held


@pytest.mark.parametrize(
    ("opening", "forces", "held", "words"),
    [
        (0.030, (20.0, 20.0), True, "held"),
        (0.028, (15.0, 16.0), True, "30.0 mm after closing"),
        (0.000, (20.0, 20.0), False, "the pads met"),
        (0.030, (0.0, 0.0), False, "no force"),
        (0.015, (20.0, 20.0), False, "slipped"),
    ],
)
def test_after_lifting(opening: float, forces: tuple[float, float], held: bool, words: str) -> None:
    closing = judge_closing(PadReading(0.030, (20.0, 20.0)), WIDTH, OPENING)
    judgement = judge_lifting(PadReading(opening, forces), closing)
    assert judgement.held is held
    assert words in judgement.reason


def test_judgements_carry_figures() -> None:
    empty = judge_closing(PadReading(0.0, (20.0, 20.0)), WIDTH, OPENING)
    assert not empty.held and empty.expected_width == WIDTH
    assert "0.0 mm" in empty.reason and "30.0 mm" in empty.reason
    assert judge_closing(PadReading(0.03, (9.0, 7.0)), WIDTH, OPENING).force == 7.0


def test_limits_are_the_callers() -> None:
    gentle = FingerParameters(min_force=0.2)
    reading = PadReading(0.03, (0.5, 0.5))
    assert not judge_closing(reading, WIDTH, OPENING).held
    assert judge_closing(reading, WIDTH, OPENING, gentle).held


@pytest.mark.parametrize(
    ("opening", "stalled", "held"),
    [
        (0.030, True, True),
        (0.034, True, True),
        (0.037, True, False),
        (0.030, False, False),
        (0.030, None, False),
    ],
)
def test_a_part_that_no_pad_feels_stops_the_fingers_where_it_was_planned(opening, stalled, held) -> None:
    assert judge_closing(PadReading(opening, (0.0, 1.4), stalled), WIDTH, OPENING).held is held


@pytest.mark.parametrize(("opening", "held"), [(0.0305, True), (0.028, False), (0.032, False), (0.0, False)])
def test_a_part_that_no_pad_feels_lets_the_fingers_stand_while_it_is_lifted(opening, held) -> None:
    closing = judge_closing(PadReading(0.031, (0.0, 0.0), True), WIDTH, OPENING)
    assert judge_lifting(PadReading(opening, (0.0, 0.0), True), closing).held is held


def test_what_the_pads_felt_has_to_be_felt_when_it_is_lifted() -> None:
    closing = judge_closing(PadReading(0.030, (20.0, 20.0), True), WIDTH, OPENING)
    assert not judge_lifting(PadReading(0.030, (0.0, 0.0), True), closing).held


def test_a_closing_that_nobody_saw_may_have_taken_hold() -> None:
    """Where nothing but the opening is known; pads that feel nothing know that they do not."""
    sensor = FingerGrip(GRIPPER)
    assert sensor.closed(PadReading(WIDTH), EXPECTED, witnessed=False).held
    assert not sensor.closed(PadReading(WIDTH), EXPECTED).held
    assert not sensor.closed(PadReading(WIDTH, (0.0, 0.0)), EXPECTED, witnessed=False).held


@pytest.mark.parametrize(
    ("reading", "held"),
    [
        (PadReading(WIDTH, (5.0, 5.0)), True),
        (PadReading(WIDTH, (0.0, 0.0)), False),
        (PadReading(0.0, (25.0, 25.0)), False),
        (PadReading(WIDTH), True),
        (PadReading(0.085), False),
        (PadReading(0.0), False),
    ],
)
def test_what_is_found_in_fingers_at_the_start(reading: PadReading, held: bool) -> None:
    assert FingerGrip(GRIPPER).found(reading).held is held


def test_fingers_that_were_stopped_while_they_opened_have_let_go_when_they_are_far_enough() -> None:
    sensor = FingerGrip(GRIPPER)
    grip = sensor.closed(PadReading(WIDTH, (20.0, 20.0)), EXPECTED)
    little = PadReading(WIDTH + 0.0005, (0.0, 0.0))
    assert not sensor.released(little, grip).held
    assert sensor.released(little, grip, interrupted=True).held


def test_a_part_that_may_be_of_any_size_is_lifted_out_of_a_doubt() -> None:
    """The hand may have been open by any width before."""
    wide = ExpectedGrip("part_1", WIDTH, math.inf)
    assert FingerGrip(GRIPPER).closed(PadReading(0.05, (20.0, 20.0)), wide).held


def test_a_gripper_names_its_sensor(tmp_path) -> None:
    cell = load_cell("ur5e_table")
    for folder in ("cells", "grippers"):
        (tmp_path / folder).mkdir()
    gripper = cell.files["gripper"].read_text(encoding="utf-8")
    (tmp_path / "grippers" / "robotiq_2f85.yaml").write_text(
        f"grip_sensor: nose\n{gripper}", encoding="utf-8"
    )
    path = tmp_path / "cells" / "smelling.yaml"
    path.write_text(cell.files["cell"].read_text(encoding="utf-8"), encoding="utf-8")
    known = "auto, fingers, touch, vacuum"
    with pytest.raises(ConfigurationError, match=f"no grip sensor is called 'nose': expected one of {known}"):
        GRIP_SENSORS.require(MotionParameters().grip_sensor_for(load_cell(path)))


def test_its_parameters_are_its_own() -> None:
    given = {"fingers.min_force": 0.2, "embedded.samples": 100}
    sensor = GRIP_SENSORS.make("fingers", GRIPPER, given=given, node="motion").plugin
    assert sensor.closed(PadReading(WIDTH, (0.5, 0.5)), EXPECTED).held
    with pytest.raises(ConfigurationError, match=r"'fingers\.min_force' of node motion is 0\.0"):
        GRIP_SENSORS.make("fingers", GRIPPER, given={"fingers.min_force": 0.0}, node="motion")
