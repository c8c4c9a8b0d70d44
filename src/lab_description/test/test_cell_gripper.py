"""Opening and joint, pads and tcp, boxes around the hand."""

import numpy as np
import pinocchio as pin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_core.geometry import invert, transform_points
from lab_description import Cell, build_urdf, load_cell

UNIT = st.floats(0.0, 1.0)


@pytest.fixture(scope="session")
def cell(fingered: Cell) -> Cell:
    """Of those that have fingers."""
    return fingered


def opening_at(cell: Cell, part: float) -> float:
    gripper = cell.gripper
    return gripper.minimum_opening + part * (gripper.maximum_opening - gripper.minimum_opening)


def test_robotiq_opens_as_its_data_sheet_says(ur5e_table: Cell) -> None:
    gripper = ur5e_table.gripper
    assert gripper.minimum_opening == pytest.approx(0.0, abs=1e-6)
    assert gripper.maximum_opening == pytest.approx(0.085, abs=2.5e-4)
    assert gripper.opening_from_joint(0.0) == pytest.approx(gripper.maximum_opening)
    assert gripper.opening_from_joint([0.8, 0.4]).shape == (2,)


def test_franka_hand_opens_as_its_data_sheet_says() -> None:
    """80 mm of stroke, both fingers of a pair slide; tcp at the maker's hand_tcp."""
    gripper = load_cell("fr3_table").gripper
    assert (gripper.minimum_opening, gripper.maximum_opening) == pytest.approx((0.0, 0.08))
    assert gripper.joint_from_opening(0.03) == pytest.approx(0.015)
    assert gripper.forward({gripper.joint: 0.0})["tcp"][0, 2, 3] == pytest.approx(0.1034)


def test_effort_of_the_joint_does_the_work_of_the_pads(cell: Cell) -> None:
    """Force times opening is effort times joint over the whole stroke, and the drive is strong enough."""
    gripper = cell.gripper
    joint = gripper.joints[gripper.joint]
    ends = gripper.opening_from_joint([joint.lower, joint.upper])
    assert gripper.lever == pytest.approx(abs(ends[1] - ends[0]) / (joint.upper - joint.lower))
    assert joint.effort >= gripper.maximum_force * gripper.lever


@given(part=UNIT)
def test_opening_and_joint_are_inverse(part: float) -> None:
    cell = load_cell_once()
    opening = opening_at(cell, part)
    joint = cell.gripper.joint_from_opening(opening)
    assert float(cell.gripper.opening_from_joint(joint)) == pytest.approx(opening, abs=1e-7)


def test_openings_out_of_range_give_the_nearest_end(cell: Cell) -> None:
    gripper = cell.gripper
    ends = gripper.joint_from_opening([-1.0, 1.0])
    assert gripper.opening_from_joint(ends) == pytest.approx(
        [gripper.minimum_opening, gripper.maximum_opening]
    )


def test_pads_face_each_other_beside_the_tcp(cell: Cell) -> None:
    """Parallel at every opening, +y into the pad, midway, and at pad_offset along z."""
    gripper = cell.gripper
    openings = np.linspace(gripper.minimum_opening, gripper.maximum_opening, 20)
    frames = gripper.forward({gripper.joint: gripper.joint_from_opening(openings)})
    tcp_from_left = invert(frames[gripper.tcp_link]) @ frames[gripper.left_pad]
    tcp_from_right = invert(frames[gripper.tcp_link]) @ frames[gripper.right_pad]
    for frame, side in ((tcp_from_left, 1.0), (tcp_from_right, -1.0)):
        assert np.allclose(frame[:, :3, 1], [0.0, side, 0.0], atol=1e-9)
        assert np.allclose(frame[:, 0, 3], 0.0, atol=1e-9)
        assert np.allclose(frame[:, 1, 3], side * 0.5 * openings, atol=1e-6)
        assert np.allclose(frame[:, 2, 3], gripper.pad_offset(openings), atol=1e-6)


def test_tcp_is_at_the_pads_for_common_parts(cell: Cell) -> None:
    assert cell.gripper.pad_offset(0.035) == pytest.approx(0.0, abs=1e-4)
    assert np.abs(cell.gripper.pad_offset([0.02, 0.05])).max() < 2.5e-3


def test_pad_size_is_that_of_the_pads(cell: Cell) -> None:
    gripper = cell.gripper
    for pad in (gripper.left_pad, gripper.right_pad):
        (shape,) = gripper.links[pad].collision
        assert shape.box == pytest.approx(gripper.pad_size)
        assert shape.distance(np.zeros((1, 3)))[0] == pytest.approx(0.0, abs=1e-9)  # origin on the face


@pytest.mark.parametrize("part", np.linspace(0.0, 1.0, 7))
def test_hand_boxes_enclose_the_hand(cell: Cell, part: float) -> None:
    """Against pinocchio's placement of the collision shapes; and no box has room to spare."""
    gripper = cell.gripper
    opening = opening_at(cell, part)
    model = pin.buildModelFromXML(build_urdf(cell, visuals=False))
    data = model.createData()
    configuration = pin.neutral(model)
    position = float(gripper.joint_from_opening(opening))
    configuration[model.joints[model.getJointId(gripper.joint)].idx_q] = position
    for name, (multiplier, offset) in gripper.mimic_joints.items():
        configuration[model.joints[model.getJointId(name)].idx_q] = multiplier * position + offset
    pin.framesForwardKinematics(model, data, configuration)
    tcp_from_base = data.oMf[model.getFrameId(gripper.tcp_link)].inverse().homogeneous
    boxes = gripper.hand_boxes(opening)
    assert boxes.lower.shape == boxes.upper.shape == (len(boxes.names), 3)
    for name, lower, upper in zip(boxes.names, boxes.lower, boxes.upper, strict=True):
        points = np.concatenate(
            [
                transform_points(tcp_from_base @ data.oMf[model.getFrameId(link)].homogeneous, shape.hull())
                for link in gripper.hand[name]
                for shape in gripper.links[link].collision
            ]
        )
        assert np.abs(points.min(axis=0) - lower).max() < 1e-6
        assert np.abs(points.max(axis=0) - upper).max() < 1e-6


def test_hand_boxes_of_many_openings_at_once(cell: Cell) -> None:
    openings = np.array([[opening_at(cell, 0.1), opening_at(cell, 0.5)]])
    boxes = cell.gripper.hand_boxes(openings)
    assert boxes.lower.shape == (1, 2, len(boxes.names), 3)
    assert np.array_equal(boxes.upper[0, 1], cell.gripper.hand_boxes(openings[0, 1]).upper)


def load_cell_once(cells: dict[str, Cell] = {}) -> Cell:  # noqa: B006 - hypothesis takes no fixture of a narrower scope
    if not cells:
        cells["cell"] = load_cell("ur5e_table")
    return cells["cell"]
