"""Tactile pads: sum and truth agree, a contact slips at its rim first; who has none pays no cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lab_description import Cell, load_cell
from lab_description.touch import SimulatedSkin, TouchPads
from lab_simulation.mujoco.scripted_hand import Hand
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.scene_file import PlacedPart
from lab_simulation.touch.flaws import SensorFlaws
from lab_simulation.touch.skin import Skin, TrueContact

CUBE = PlacedPart("box", (0.50, 0.05, 0.0), dimensions={"x": 0.04, "y": 0.04, "z": 0.04}, material="steel")
MADE_UP = 1.02
CLEAN = SimulatedSkin(noise=0.0, gain=0.0, hysteresis=0.0, drift=0.0, step=0.0)


@pytest.fixture(scope="module")
def touching() -> Cell:
    return load_cell("ur5e_touch")


@pytest.fixture
def pads(touching: Cell) -> TouchPads:
    pads = touching.gripper.touch
    assert pads is not None
    return pads


def flat(pads: TouchPads, force: list[float], turning: float = 0.0, sliding: bool = False) -> TrueContact:
    """A flat face over the whole pad; friction 0.5."""
    return TrueContact(
        np.full((pads.rows, pads.columns), 5e-4),
        np.array(force),
        turning,
        0.5,
        0.01 * 0.5 * force[1],
        sliding,
    )


@pytest.mark.parametrize("force", [1.0, 7.0, 60.0])
def test_the_taxels_add_up_to_what_presses_and_pulls(pads: TouchPads, force: float) -> None:
    normal, shear = Skin(pads.grid, CLEAN).feel(flat(pads, [0.2 * force, force, -0.3 * force]))
    assert normal.sum() == pytest.approx(force, rel=1e-6)
    assert normal.min() >= 0.0
    assert shear.sum(axis=(0, 1)) == pytest.approx([0.2 * force, -0.3 * force], rel=0.01)
    assert (np.linalg.norm(shear, axis=-1) <= MADE_UP * 0.5 * normal + 1e-9).all()


def test_the_contact_grows_with_the_force(pads: TouchPads) -> None:
    skin = Skin(pads.grid, CLEAN)
    touched = [np.count_nonzero(skin.feel(flat(pads, [0.0, force, 0.0]))[0]) for force in (0.5, 3.0, 30.0)]
    assert touched[0] < touched[1] < touched[2] == pads.grid.taxels


@pytest.mark.parametrize("turning", [False, True])
def test_a_contact_slips_at_its_rim_first_and_as_a_whole_at_last(pads: TouchPads, turning: bool) -> None:
    skin = Skin(pads.grid, CLEAN)
    slipped = []
    for share in (0.3, 0.6, 0.9):
        pull, turn = (0.0, share * 0.05) if turning else (share * 5.0, 0.0)
        normal, shear = skin.feel(flat(pads, [pull, 10.0, 0.0], turn))
        touched = normal > 1e-3
        used = np.linalg.norm(shear, axis=-1)[touched] / (0.5 * normal[touched])
        slipped.append(float((used > 0.98).mean()))
        middle = np.linalg.norm(shear, axis=-1)[7:9, 5:7].mean() / (0.5 * normal[7:9, 5:7].mean())
        assert middle < 0.98 * used.max()
    assert slipped[0] < slipped[1] < slipped[2] < 1.0
    normal, shear = skin.feel(flat(pads, [5.0, 10.0, 0.0], 0.0, sliding=True))
    assert np.linalg.norm(shear, axis=-1) == pytest.approx(0.5 * normal, abs=1e-9)


def test_no_contact_is_no_force(pads: TouchPads) -> None:
    skin = Skin(pads.grid, CLEAN)
    for contact in (None, flat(pads, [0.0, 0.0, 0.0])):
        normal, shear = skin.feel(contact)
        assert not normal.any() and not shear.any()


def test_the_errors_of_a_sensor(pads: TouchPads) -> None:
    ten = np.full((pads.rows, pads.columns), 10.0 / pads.grid.taxels)
    none = np.zeros((pads.rows, pads.columns, 2))

    def said(later: int = 1, **flaws: float) -> np.ndarray:
        sensor = SensorFlaws(replace(pads, simulated=replace(CLEAN, **flaws)), 3, 0)
        return np.stack(
            [sensor.read(0.0 * ten if t == 0 else ten, none, 0.01 * t)[0] for t in range(1 + later)]
        )

    assert said()[-1] == pytest.approx(ten)
    assert said(noise=0.01)[-1].std() == pytest.approx(0.01, rel=0.2)
    uneven = said(gain=0.1)[-1]
    assert uneven.std() == pytest.approx(0.1 * ten[0, 0], rel=0.2) and uneven.sum() == pytest.approx(10.0)
    late = said(200, hysteresis=0.1)
    assert late[1].sum() < 9.2 < 9.9 < late[-1].sum()
    assert np.count_nonzero(said(dead=0.1)[-1] == 0.0) == pytest.approx(0.1 * pads.grid.taxels, abs=10)
    assert set(np.unique(said(step=0.02)[-1])) == {0.06}
    assert said(noise=0.01) == pytest.approx(said(noise=0.01), abs=0.0), "the seed decides"
    most = replace(pads, simulated=CLEAN, taxel_maximum=0.02)
    assert SensorFlaws(most, 0, 0).read(ten, none, 0.0)[0].max() == 0.02
    assert SensorFlaws(replace(pads, shear=False), 0, 0).read(ten, none, 0.0)[1] is None


def test_sum_and_truth_agree_from_1_to_60_newtons(touching: Cell, placed: Callable[..., Scene]) -> None:
    scene = placed(CUBE)
    simulation = Simulation(touching, scene)
    hand = Hand(simulation)
    resting = np.mean([[pad.normal.sum() for pad in simulation.pad_touch()] for _ in range(50)], axis=0)
    hand.pick(scene.parts[0].name, 20.0)
    for force in (20.0, 60.0):
        hand.close(force)
        simulation.run(0.5)
        true = np.array([pad.force[1] for pad in simulation.pad_wrenches()])
        told = (
            np.mean([[pad.normal.sum() for pad in simulation.pad_touch()] for _ in range(20)], axis=0)
            - resting
        )
        assert true.mean() == pytest.approx(force, rel=0.08)
        assert told == pytest.approx(true, rel=0.05)
    # what the fingers carry is felt along the pads: z of each points down with the hand
    carried = sum(float(pad.force[2]) for pad in simulation.pad_touch())
    assert carried == pytest.approx(scene.parts[0].mass * 9.81, rel=0.08)


def test_a_seed_decides_what_the_pads_say_and_reset_goes_back(
    touching: Cell, placed: Callable[..., Scene]
) -> None:
    simulation = Simulation(touching, placed(CUBE), 5)
    first = [pad.normal for pad in simulation.pad_touch()]
    again = [pad.normal for pad in simulation.pad_touch()]
    assert not np.array_equal(first[0], again[0]) and not np.array_equal(first[0], first[1])
    simulation.run(0.1)
    simulation.reset()
    assert np.array_equal(simulation.pad_touch()[0].normal, first[0])
    assert np.array_equal(Simulation(touching, placed(CUBE), 5).pad_touch()[1].normal, first[1])


def test_a_cell_without_touch_is_what_it_was(
    cell: Cell, touching: Cell, placed: Callable[..., Scene]
) -> None:
    plain, other = Simulation(cell, placed(CUBE)), Simulation(touching, placed(CUBE))
    assert plain.pad_touch() == ()
    assert "left_pad/touch" not in {plain.model.sensor(i).name for i in range(plain.model.nsensor)}
    assert other.model.nsensor == plain.model.nsensor + 2 and other.model.ngeom == plain.model.ngeom + 2
    for simulation in (plain, other):
        simulation.run(0.5)
    assert np.array_equal(plain.data.qpos, other.data.qpos), "taxels weigh nothing and push nothing"
