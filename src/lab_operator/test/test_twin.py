"""The cell as it is drawn: where links are, and where the held part is."""

from __future__ import annotations

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform
from lab_core.scene import Part, Scene
from lab_description import load_cell
from lab_operator.twin.held import HeldBox
from lab_operator.twin.robot import MOST_FACES, TCP, RobotModel


@pytest.fixture(scope="module", params=["ur5e_table", "ur5e_suction"])
def cell(request):
    return load_cell(request.param)


@pytest.fixture(scope="module")
def robot(cell):
    return RobotModel(cell)


def test_links_are_where_the_cell_says(cell, robot):
    joints = dict(zip(cell.robot.joint_names, cell.robot.configuration("home"), strict=True))
    links = robot.links_at(joints)
    flange = cell.robot.forward(joints)[cell.robot.tool_link][0]
    np.testing.assert_allclose(links[cell.robot.tool_link], flange, atol=1e-6)
    np.testing.assert_allclose(links[TCP], flange @ cell.tool_from_tcp, atol=1e-6)


def test_what_moves_is_told_from_what_stands(robot):
    moving = {visual.link for visual in robot.visuals if visual.moves}
    standing = {visual.link for visual in robot.visuals if not visual.moves}
    assert "forearm_link" in moving and "table" in standing and not moving & standing


def test_no_mesh_is_too_fine_to_be_drawn(robot):
    assert robot.visuals and max(len(visual.faces) for visual in robot.visuals) <= 1.2 * MOST_FACES


def test_joints_of_others_are_passed_over(robot):
    rest, other = robot.links_at({}), robot.links_at({"somebody_elses_joint": 1.0})
    assert all(np.array_equal(rest[name], other[name]) for name in rest)


def hand(z) -> np.ndarray:
    return make_transform(np.diag([1.0, -1.0, -1.0]), [0.5, 0.0, z])


def test_a_held_part_goes_with_the_hand_from_where_it_was_taken():
    box = OrientedBox(make_transform(np.eye(3), [0.5, 0.01, 0.02]), np.array([0.05, 0.04, 0.04]))
    scene, held = Scene(0, "base_link", None, (Part("part_1", box),)), HeldBox()
    for z in (0.5, 0.2, 0.03):
        assert held.box("", scene, hand(z)) is None
    lifted = held.box("part_1", scene, hand(0.13))
    np.testing.assert_allclose(lifted.centre, [0.5, 0.01, 0.12], atol=1e-9)
    gone = held.box("part_1", Scene(1, "base_link", None, ()), hand(0.33))
    np.testing.assert_allclose(gone.centre, [0.5, 0.01, 0.32], atol=1e-9)
    assert held.box("", scene, hand(0.33)) is None


def test_a_part_that_nobody_has_seen_has_no_box():
    assert HeldBox().box("part_1", None, hand(0.1)) is None
