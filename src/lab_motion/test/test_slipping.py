"""A part that slips while it is carried: tighten, slow down or set down, as the YAML of the pads says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from carrying import HEIGHT, PART, Carrying, cell_with

from lab_core.geometry import OrientedBox, make_transform, rotation_about
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part
from lab_description import load_cell
from lab_motion.planning.port import PLANNERS, never
from lab_motion.skills.grip.errors import PartSlipped, SlippedInHand
from lab_motion.skills.grip.fingers import PadReading
from lab_motion.skills.grip.touch import TouchReading
from lab_motion.skills.place import Placed
from lab_motion.skills.slipping import Slipping

SLOWED = "the part slipped while it was carried: slowed to 25 %"
SLOT = load_cell("ur5e_touch").destinations["tray"].slots()[0]


@pytest.fixture(scope="module")
def planner():
    return PLANNERS.make("embedded", load_cell("ur5e_touch")).plugin


@pytest.fixture
def carrying(planner):
    return lambda when: Carrying(cell_with(when), planner, TouchReading)


def place(carrying: Carrying) -> Placed:
    placed = Placed()
    carrying.arm.paces.clear()
    carrying.motion.place("tray", carrying.stages, never, placed)
    return placed


def require_on_the_tray(placed: Placed) -> None:
    assert np.abs(placed.base_from_tcp[:2, 3] - SLOT[:2, 3]).max() < 0.01


def test_a_hand_that_only_tightens_leaves_the_motion_alone(carrying):
    cell = carrying("tighten")
    cell.slip_in("lift")
    cell.pick()
    cell.slip_in("move")
    require_on_the_tray(place(cell))
    assert cell.hand.slid == 1 and cell.robot.slipping.done == ""
    assert {pace for paces in cell.arm.paces for pace in paces} == {1.0}


def test_the_rest_of_the_motion_is_slow_and_the_next_one_is_not(carrying):
    cell = carrying("slow_down")
    cell.pick()
    assert cell.robot.slipping.done == ""
    cell.slip_in("move")
    require_on_the_tray(place(cell))
    way, *others = cell.arm.paces
    assert way[0] == 1.0 and way[-1] == 0.25 and way == sorted(way, reverse=True)
    assert others and {pace for paces in others for pace in paces} == {1.0}
    assert cell.robot.slipping.done == SLOWED


def test_a_slip_before_the_motion_does_not_slow_it(carrying):
    cell = carrying("slow_down")
    cell.pick()
    cell.hand.slid += 3
    place(cell)
    assert {pace for paces in cell.arm.paces for pace in paces} == {1.0}
    assert cell.robot.slipping.done == ""


def test_a_lift_is_slowed_too(carrying):
    cell = carrying("slow_down")
    cell.slip_in("lift")
    cell.pick()
    assert cell.arm.paces[-1][-1] == 0.25
    assert cell.robot.slipping.done == SLOWED and cell.robot.grip is not None


def test_over_the_workspace_the_part_is_set_down_on_the_table(carrying):
    cell = carrying("set_down")
    cell.pick()
    cell.slip_in("move")
    heights = []
    release = cell.hand.release

    def released(opening: float, force: float) -> None:
        heights.append(cell.lowest())
        release(opening, force)

    cell.hand.release = released
    with pytest.raises(
        PartSlipped, match=r"^the part slipped .*: it was set down on the table at x = "
    ) as told:
        place(cell)
    assert told.value.code == OutcomeCode.OBJECT_LOST
    assert len(heights) == 1 and -1e-3 < heights[0] < 0.003, "it stood before the hand let go"
    robot = cell.robot
    assert robot.grip is None and robot.scene.held is None and not cell.hand.closed
    put = robot.scene.objects[-1]
    assert put.id == PART and put.box.centre[2] == pytest.approx(0.5 * HEIGHT, abs=0.003)
    assert (np.abs(put.box.centre[:2] - [0.5, 0.1]) < 0.1).all()
    assert cell.tool[2, 3] > 0.09, "the hand is out of it"
    assert cell.motion.destinations.taken["tray"] == []
    cell.hand.release = release
    cell.pick(*put.box.centre[:2])  # and it can be taken again


def over_the_tray(cell: Carrying) -> bool:
    return bool(cell.tool[1, 3] > 0.3)


def test_elsewhere_the_hand_keeps_it(carrying):
    cell = carrying("set_down")
    cell.pick()
    cell.slip_in("move", lambda: over_the_tray(cell))
    with pytest.raises(SlippedInHand, match=r"the hand holds it, .* not over the workspace") as told:
        place(cell)
    assert told.value.code == OutcomeCode.GRIPPER_FAILED
    assert cell.hand.closed and cell.robot.grip is not None and cell.robot.scene.held.id == PART
    assert cell.lowest() > 0.05 and len(cell.arm.paces) == 1, "the arm stopped, and nothing else moved"
    cell.motion.place("tray", cell.stages, never, Placed())  # the task may try again


def test_what_lies_below_is_not_set_down_on(carrying):
    cell = carrying("set_down")
    cell.pick()
    plate = OrientedBox(make_transform(np.eye(3), [0.5, 0.1, 0.01]), np.array([0.3, 0.3, 0.02]))
    cell.robot.set_scene(replace(cell.robot.scene, objects=(Part("plate", plate),)))
    cell.slip_in("move")
    goal = cell.arm.positions() + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.5])
    with pytest.raises(SlippedInHand, match=r"cannot be set down here: .*plate"):
        cell.motion.move_to_joints(goal, cell.stages, never)
    assert cell.hand.closed and cell.robot.grip is not None


def test_a_part_that_leans_is_not_set_down(carrying):
    cell = carrying("set_down")
    cell.pick()
    leaning = make_transform(rotation_about([0.0, 1.0, 0.0], 0.2), np.zeros(3))
    held = cell.robot.scene.held
    box = OrientedBox(held.box.frame_from_box @ leaning, held.box.size)
    cell.robot.set_scene(replace(cell.robot.scene, held=replace(held, box=box)))
    cell.slip_in("move")
    with pytest.raises(SlippedInHand, match="it leans"):
        place(cell)


def test_what_slips_while_it_is_lifted_is_put_back(carrying):
    cell = carrying("set_down")
    cell.slip_in("lift", lambda: cell.lowest() > 0.05)
    with pytest.raises(PartSlipped, match="carried: it was set down again where it lay") as told:
        cell.pick()
    assert told.value.code == OutcomeCode.OBJECT_LOST
    robot = cell.robot
    assert robot.grip is None and robot.scene.held is None and not cell.hand.closed
    assert robot.scene.objects[0].id == PART
    assert cell.phases[-3:] == ["feel", "open", "retreat"] and cell.tool[2, 3] > 0.09


def test_what_is_being_put_down_is_put_down(carrying):
    cell = carrying("set_down")
    cell.pick()
    cell.slip_in("lower")
    require_on_the_tray(place(cell))
    assert cell.arm.paces[0][-1] == 0.25 and cell.robot.slipping.done == SLOWED


def test_a_step_by_hand_goes_nowhere_else(carrying):
    cell = carrying("set_down")
    cell.pick()
    cell.slip_in("jog")
    with pytest.raises(SlippedInHand, match="the arm stopped, and the hand holds it"):
        cell.motion.jog(np.array([0.0, 0.0, 0.04]), 0.0, cell.stages, never, lambda: None)
    assert cell.hand.closed and cell.robot.grip is not None


def test_without_touch_nobody_looks_for_slip(planner):
    def plain(opening, forces, stalled, **touch) -> PadReading:
        return PadReading(opening, forces, stalled)

    cell = Carrying(load_cell("ur5e_table"), planner, plain)
    assert not Slipping.of(cell.cell.end_effector).matters
    reads = []
    follow = cell.arm.follow

    def followed(*arguments) -> None:
        before = cell.hand.reads
        follow(*arguments)
        reads.append(cell.hand.reads - before)

    cell.arm.follow = followed
    cell.slip_in("move")
    cell.pick()
    assert reads[-1] == 0, "a lift was never watched"
    require_on_the_tray(place(cell))
    assert {pace for paces in cell.arm.paces for pace in paces} == {1.0} and cell.robot.slipping.done == ""
