"""A suction cup holds by the air and by nothing else: it seals or leaks, carries or peels off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lab_core.geometry import FloatArray, make_transform, rotation_about
from lab_description import Cell, SuctionCup, config_directory, load_cell
from lab_simulation.mujoco.scripted_hand import DOWN, Hand
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.scene_file import PlacedPart

PLACE = (0.50, 0.05, 0.0)
BLOCK = PlacedPart("box", PLACE, dimensions={"x": 0.05, "y": 0.05, "z": 0.04})
PRESSED = 0.003
"""Metres by which the lip goes below the top of a part."""
AT_ONCE, SETTLED = 0.2, 0.5
"""Seconds after the pump was switched on or off."""


@pytest.fixture
def cup_cell(tmp_path: Path) -> Callable[..., Cell]:
    """The shipped cell of a UR5e with the shipped cup, or one whose pump reaches another vacuum, Pa."""

    def make(vacuum: float = 60e3) -> Cell:
        config = config_directory()
        for name in ("cells", "grippers"):
            (tmp_path / name).mkdir()
        table = (config / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
        cup = (config / "grippers" / "suction_20mm.yaml").read_text(encoding="utf-8")
        cup = cup.replace("vacuum: 60000.0", f"vacuum: {vacuum}")
        (tmp_path / "grippers" / "cup.yaml").write_text(cup, encoding="utf-8")
        (tmp_path / "cells" / "cup.yaml").write_text(table.replace("robotiq_2f85", "cup"), encoding="utf-8")
        return load_cell(tmp_path / "cells" / "cup.yaml")

    return make


@pytest.fixture
def pressed_on(cup_cell: Callable[..., Cell], placed: Callable[..., Scene]) -> Callable[..., Hand]:
    """A hand whose cup is pressed on a part from above, beside its middle by some metres, leaning by some
    radians.
    """

    def press(
        part: PlacedPart, height: float, beside: float = 0.0, leaning: float = 0.0, vacuum: float = 60e3
    ) -> Hand:
        simulation = Simulation(cup_cell(vacuum), placed(part))
        hand = Hand(simulation)
        turn = rotation_about([0.0, 1.0, 0.0], leaning) @ DOWN
        x, y = the_part(hand)[:2, 3]
        hand.move(make_transform(turn, [x + beside, y, height + 0.10]))
        hand.move(make_transform(turn, [x + beside, y, height - PRESSED]))
        simulation.suction.switch(True)
        simulation.run(SETTLED)
        return hand

    return press


def the_part(hand: Hand) -> FloatArray:
    """Pose (4, 4) of the only part."""
    (name,) = hand.simulation.parts
    return hand.simulation.entity(name).base_from_entity


def mass(hand: Hand) -> float:
    """Of the only part, kg."""
    (part,) = hand.simulation.parts.values()
    return part.mass


def lifted(hand: Hand) -> float:
    """Metres by which the only part rises when the hand goes up by 15 cm."""
    before, pose = the_part(hand)[2, 3], hand.tcp()
    pose[2, 3] += 0.15
    hand.move(pose)
    hand.simulation.run(SETTLED)
    return float(the_part(hand)[2, 3] - before)


def test_a_flat_part_is_held_and_let_go(pressed_on: Callable[..., Hand]) -> None:
    hand = pressed_on(BLOCK, 0.04)
    simulation = hand.simulation
    cup = simulation.cell.end_effector
    assert isinstance(cup, SuctionCup)
    assert simulation.suction.vacuum == pytest.approx(cup.vacuum, rel=0.02)
    assert lifted(hand) == pytest.approx(0.15, abs=0.01)
    before = the_part(hand)[:3, 3]
    simulation.run(2.0)
    assert np.linalg.norm(the_part(hand)[:3, 3] - before) < 2e-4, "it hangs still"
    simulation.suction.switch(False)
    simulation.run(AT_ONCE)
    assert simulation.suction.vacuum < 0.01 * cup.vacuum
    simulation.run(SETTLED)
    assert the_part(hand)[2, 3] < 0.05, "it fell"


def test_the_wrist_feels_the_weight(pressed_on: Callable[..., Hand]) -> None:
    hand = pressed_on(BLOCK, 0.04)
    assert lifted(hand) > 0.1
    hand.simulation.run(1.0)
    force = hand.simulation.wrist_wrench().force
    assert abs(force[2]) == pytest.approx(9.81 * mass(hand), abs=0.1)


@pytest.mark.parametrize(("diameter", "seals"), [(0.06, True), (0.024, False)])
def test_the_lip_follows_a_cylinder_as_far_as_it_gives(
    pressed_on: Callable[..., Hand], diameter: float, seals: bool
) -> None:
    """9.5 mm of lip dip by 1.6 mm on a radius of 30 mm, by 4.6 mm on one of 12 mm; the lip gives 2.5 mm."""
    lying = PlacedPart(
        "cylinder", PLACE, (0.0, np.pi / 2.0, 0.0), dimensions={"diameter": diameter, "height": 0.08}
    )
    hand = pressed_on(lying, diameter)
    assert (hand.simulation.suction.vacuum > 5e4) == seals
    assert (lifted(hand) > 0.1) == seals


def test_over_an_edge_it_leaks(pressed_on: Callable[..., Hand]) -> None:
    hand = pressed_on(BLOCK, 0.04, beside=0.018)
    assert hand.simulation.suction.vacuum == 0.0
    assert lifted(hand) < 0.01


def test_bellows_make_up_for_a_lean(pressed_on: Callable[..., Hand]) -> None:
    hand = pressed_on(BLOCK, 0.04, leaning=0.12)
    assert hand.simulation.suction.vacuum > 5e4
    assert lifted(hand) > 0.1


@pytest.mark.parametrize(("vacuum", "holds"), [(60e3, True), (15e3, False)])
def test_half_a_kilogram_needs_more_than_a_weak_pump(
    pressed_on: Callable[..., Hand], vacuum: float, holds: bool
) -> None:
    """17 N hold 4.9 N, 4.3 N do not, however well the lip seals."""
    slab = PlacedPart("box", PLACE, dimensions={"x": 0.07, "y": 0.07, "z": 0.06}, material="steel")
    hand = pressed_on(slab, 0.06, vacuum=vacuum)
    assert mass(hand) == pytest.approx(0.5)
    assert hand.simulation.suction.vacuum == pytest.approx(vacuum, rel=0.02)
    assert (lifted(hand) > 0.1) == holds


def test_on_the_table_it_seals_and_lifts_nothing(pressed_on: Callable[..., Hand]) -> None:
    hand = pressed_on(BLOCK, 0.0, beside=0.10)
    assert hand.simulation.suction.vacuum > 5e4
    assert lifted(hand) < 0.01
    assert hand.simulation.suction.vacuum == 0.0


def test_it_has_no_joint_to_be_put_anywhere(
    cup_cell: Callable[..., Cell], placed: Callable[..., Scene]
) -> None:
    cell = cup_cell()
    simulation = Simulation(cell, placed(BLOCK))
    assert simulation.joints().names == cell.robot.joint_names
    with pytest.raises(ValueError, match="no joint"):
        simulation.put_robot(cell.robot.configuration("home"), 0.0)
