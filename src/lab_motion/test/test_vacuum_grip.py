"""What counts as holding, of a suction cup."""

from __future__ import annotations

import pytest

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_motion.skills.grip.port import GRIP_SENSORS, ExpectedGrip, GripSensor
from lab_motion.skills.grip.vacuum import VacuumGrip, VacuumReading
from lab_motion.testing.grip_contract import Examples, GripContract

CELL = load_cell("ur5e_suction")
CUP = CELL.end_effector


def at(kilopascals: float) -> VacuumReading:
    return VacuumReading(1e3 * kilopascals, 1e3 * kilopascals * CUP.lip_area)


class TestVacuum(GripContract):
    def make(self) -> GripSensor:
        return GRIP_SENSORS.make("vacuum", CUP).plugin

    def examples(self) -> Examples:
        return Examples(
            expected=ExpectedGrip("part_1", 0.0, 0.0),
            ready=at(0.5),
            not_ready=at(55.0),
            held=(at(59.0), at(40.0)),
            empty=(at(0.0), at(30.0)),
            released=at(3.0),
            stuck=at(25.0),
        )


@pytest.mark.parametrize(("kilopascals", "held"), [(59.0, True), (30.0, False), (0.0, False), (-3.0, False)])
def test_a_vacuum_says_whether_something_is_held(kilopascals: float, held: bool) -> None:
    judgement = VacuumGrip(CUP).found(at(kilopascals))
    assert judgement.held is held
    assert f"{kilopascals:.0f} kPa of vacuum, 36 kPa are needed" in judgement.reason


def test_a_part_that_nobody_has_seen_hangs_below_the_lip() -> None:
    box = VacuumGrip(CUP).unseen(at(59.0))
    assert box.corners()[:, 2].min() == pytest.approx(0.0)


def test_a_share_of_the_vacuum_is_set_for_a_cup_that_always_leaks_a_little() -> None:
    given = {"vacuum.sealed_share": 0.4}
    assert GRIP_SENSORS.make("vacuum", CUP, given=given).plugin.found(at(30.0)).held


def test_a_sensor_refuses_another_end_effector() -> None:
    with pytest.raises(ConfigurationError, match="'vacuum' is for a suction cup, and 'robotiq_2f85' is none"):
        GRIP_SENSORS.make("vacuum", load_cell("ur5e_table").end_effector)
    with pytest.raises(ConfigurationError, match=r"'fingers' is for a parallel gripper, and '.*' is none"):
        GRIP_SENSORS.make("fingers", CUP)
