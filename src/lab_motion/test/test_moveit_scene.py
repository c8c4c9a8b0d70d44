"""What MoveIt is told about a scene; its own answers are tested by the contract, where it is installed."""

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform
from lab_core.scene import Part
from lab_description import load_cell
from lab_motion.planning.moveit.scene import GROWN, moveit_scene, samples_between
from lab_motion.planning.port import PlanningScene
from lab_motion.planning.world import HELD, OBJECT


@pytest.fixture(scope="module")
def cell():
    return load_cell("ur5e_table")


PART = OrientedBox(make_transform(np.eye(3), [0.5, 0.0, 0.03]), np.array([0.04, 0.05, 0.06]))


def told(cell, scene, margin=0.003, **pairs):
    given = {"contacts": [], "close_pairs": [], "never_checked": []} | pairs
    return moveit_scene(cell, scene, {cell.gripper.joint: 0.1}, **given, margin=margin, padding=0.005)


def test_objects_grow_by_padding_and_margin(cell):
    found = told(cell, PlanningScene((Part("nut", PART),)))
    (box,) = found.obstacles[OBJECT + "nut"]
    assert box.size == pytest.approx(PART.size + 0.016)
    assert np.array_equal(box.frame_from_box, PART.frame_from_box)


def test_furniture_stands_a_second_time_and_larger(cell):
    found = told(cell, PlanningScene())
    for link in {box.link for box in cell.furniture}:
        boxes = [box for box in cell.furniture if box.link == link]
        larger = found.obstacles[link + GROWN]
        assert len(larger) == len(boxes)
        for box, other in zip(boxes, larger, strict=True):
            assert other.size == pytest.approx(box.size + 0.006)
            assert np.array_equal(other.frame_from_box, box.base_from_box)


def test_what_may_touch_furniture_may_touch_its_double(cell):
    found = told(cell, PlanningScene(), contacts=[("left_pad", "table")])
    assert {("left_pad", "table"), ("left_pad", "table" + GROWN)} <= found.allowed


def test_what_is_close_to_furniture_may_be_close_but_not_inside(cell):
    found = told(cell, PlanningScene(), close_pairs=[("left_pad", "table")])
    assert ("left_pad", "table" + GROWN) in found.allowed
    assert ("left_pad", "table") not in found.allowed


def test_pairs_of_the_srdf_hold_for_the_double(cell):
    found = told(cell, PlanningScene(), never_checked=[("base_link_inertia", "pedestal")])
    assert ("base_link_inertia", "pedestal" + GROWN) in found.allowed


def test_what_is_held_is_no_obstacle(cell):
    held = OrientedBox(make_transform(np.eye(3), [0.0, 0.0, 0.02]), PART.size)
    found = told(cell, PlanningScene((Part("nut", PART),), Part("bolt", held)))
    assert found.held[0] == HELD + "bolt"
    assert found.held[1] is held
    assert HELD + "bolt" not in found.obstacles


def test_samples_end_exactly_where_they_should():
    found = np.array([[0.0, 1e-4], [0.0, 1e-4], [0.5, 0.5], [1.0, 1.0 - 1e-4]])
    start, goal = np.zeros(2), np.ones(2)
    path = samples_between(found, start, goal, 1e-3)
    assert np.array_equal(path[0], start)
    assert np.array_equal(path[-1], goal)
    assert np.all(np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6)


@pytest.mark.parametrize(
    "found",
    [np.zeros((1, 2)), np.array([[0.0, 0.0], [0.9, 1.0]]), np.array([[0.1, 0.0], [1.0, 1.0]])],
    ids=["one sample", "ends elsewhere", "begins elsewhere"],
)
def test_samples_that_are_no_answer_are_refused(found):
    assert samples_between(found, np.zeros(2), np.ones(2), 1e-3) is None


def test_samples_that_are_not_finite_are_refused():
    found = np.array([[0.0, 0.0], [np.nan, 0.5], [1.0, 1.0]])
    assert samples_between(found, np.zeros(2), np.ones(2), 1e-3) is None
