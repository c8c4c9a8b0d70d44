"""Kinematics against pinocchio, and the properties of the inverse."""

from __future__ import annotations

import numpy as np
import pinocchio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_core.geometry import make_transform, rotation_about, rotation_angle
from lab_description import build_urdf, load_cell
from lab_motion.planning.chain import Chain

CELL = load_cell("ur5e_table")
URDF = build_urdf(CELL, visuals=False)
CHAIN = Chain.from_urdf(URDF, "base_link", "tcp", CELL.robot.joint_names)
LOWER, UPPER = CELL.robot.position_lower, CELL.robot.position_upper
SLIDER = """<robot name="slider">
  <link name="base"/><link name="cart"/><link name="arm"/><link name="tip"/>
  <joint name="rail" type="prismatic"><parent link="base"/><child link="cart"/><axis xyz="0 1 0"/>
    <origin xyz="0 0 0.5" rpy="0 0 0.3"/></joint>
  <joint name="turn" type="revolute"><parent link="cart"/><child link="arm"/><axis xyz="0 0 2"/></joint>
  <joint name="end" type="fixed"><parent link="arm"/><child link="tip"/>
    <origin xyz="0.4 0 0" rpy="0 1 0"/></joint>
</robot>"""


def inside_limits():
    return st.tuples(*(st.floats(low, high) for low, high in zip(LOWER, UPPER, strict=True))).map(np.array)


@given(inside_limits())
def test_forward_and_jacobian_are_pinocchios(positions):
    model = pinocchio.buildModelFromXML(URDF)
    data = model.createData()
    full = pinocchio.neutral(model)
    indices = [model.idx_qs[model.getJointId(name)] for name in CHAIN.names]
    full[indices] = positions
    pinocchio.framesForwardKinematics(model, data, full)
    frame = model.getFrameId("tcp")
    assert np.allclose(CHAIN.forward(positions), data.oMf[frame].homogeneous, atol=1e-9)
    jacobian = pinocchio.computeFrameJacobian(model, data, full, frame, pinocchio.LOCAL_WORLD_ALIGNED)
    assert np.allclose(CHAIN.jacobian(positions), jacobian[:, indices], atol=1e-9)


def test_a_sliding_joint_slides_along_its_axis():
    chain = Chain.from_urdf(SLIDER, "base", "tip", ("rail", "turn"))
    turn = rotation_about([0, 0, 1], 0.3)
    expected = make_transform(turn, [0.0, 0.0, 0.5]) @ make_transform(np.eye(3), [0.0, 0.7, 0.0])
    expected = expected @ make_transform(rotation_about([0, 0, 1], 1.1), np.zeros(3))
    expected = expected @ make_transform(rotation_about([0, 1, 0], 1.0), [0.4, 0.0, 0.0])
    assert np.allclose(chain.forward(np.array([0.7, 1.1])), expected)
    step = 1e-6
    moved = chain.forward(np.array([0.7 + step, 1.1]))[:3, 3] - expected[:3, 3]
    assert np.allclose(chain.jacobian(np.array([0.7, 1.1]))[:3, 0], moved / step, atol=1e-5)


@given(inside_limits(), st.integers(0, 2**31 - 1))
def test_every_solution_that_is_claimed_is_one(positions, seed):
    pose = CHAIN.forward(positions)
    seeds = np.random.default_rng(seed).uniform(LOWER, UPPER, (24, 6))
    found, converged = CHAIN.inverse(pose, seeds, LOWER, UPPER, 40)
    for solution in found[converged]:
        reached = CHAIN.forward(solution)
        assert np.linalg.norm(reached[:3, 3] - pose[:3, 3]) < 1e-5
        assert rotation_angle(reached[:3, :3].T @ pose[:3, :3]) < 1e-5
        assert np.all(solution >= LOWER)
        assert np.all(solution <= UPPER)


def test_solutions_are_found_for_nearly_all_poses():
    random = np.random.default_rng(0)
    missed = 0
    for positions in random.uniform(LOWER, UPPER, (300, 6)):
        seeds = random.uniform(LOWER, UPPER, (32, 6))
        missed += not CHAIN.inverse(CHAIN.forward(positions), seeds, LOWER, UPPER, 40)[1].any()
    assert missed <= 6


def test_half_a_turn_away_is_still_a_direction():
    """The rotation error of exactly pi has no unique axis; the step must still be finite."""
    home = CELL.robot.configuration("home")
    pose = CHAIN.forward(home) @ make_transform(rotation_about([0.0, 0.0, 1.0], np.pi), np.zeros(3))
    found, converged = CHAIN.inverse(pose, home[None], LOWER, UPPER, 60)
    assert np.all(np.isfinite(found))
    assert converged.all()


def test_tracking_stops_where_a_joint_would_jump():
    home = CELL.robot.configuration("home")
    start = CHAIN.forward(home)
    poses = np.stack([start, start @ make_transform(np.eye(3), [0.0, 0.0, 0.05]), start])
    positions, reached = CHAIN.track(poses, home, LOWER, UPPER, 0.5)
    assert reached == 3
    assert np.abs(positions[2] - home).max() < 1e-4
    assert CHAIN.track(poses, home, LOWER, UPPER, 0.01)[1] == 1


def test_travel_bounds_the_way_of_every_point_of_a_link():
    random = np.random.default_rng(1)
    radii = np.array([0.2, 0.5, 0.5, 0.1, 0.1, 0.3])
    for positions in random.uniform(LOWER, UPPER, (50, 6)):
        pair = np.stack([positions, positions + random.uniform(-0.05, 0.05, 6)])
        # points in the frame of the last joint, no further away than its radius
        points = random.normal(size=(50, 3))
        points *= (radii[-1] / np.linalg.norm(points, axis=1))[:, None]
        in_tool = (points - CHAIN.tool[:3, 3]) @ CHAIN.tool[:3, :3]
        before, after = CHAIN.forward(pair)
        way = (in_tool @ after[:3, :3].T + after[:3, 3]) - (in_tool @ before[:3, :3].T + before[:3, 3])
        assert np.linalg.norm(way, axis=1).max() <= CHAIN.travel(pair, radii)[0] + 1e-9


@pytest.mark.parametrize(
    ("base", "tip", "joints", "words"),
    [
        ("base_link", "nothing", CHAIN.names, "hangs on no joint"),
        ("tcp", "base_link", CHAIN.names, "hangs on no joint"),
        ("base_link", "tcp", CHAIN.names[:5], "expected"),
    ],
)
def test_chains_that_are_not_there(base, tip, joints, words):
    with pytest.raises(ValueError, match=words):
        Chain.from_urdf(URDF, base, tip, joints)
