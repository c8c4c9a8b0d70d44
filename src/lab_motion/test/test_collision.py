"""What the checker says of one configuration and of a whole path; and what it takes to be certain."""

from __future__ import annotations

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform, rotation_about
from lab_core.scene import Part
from lab_description import build_srdf, build_urdf, load_cell
from lab_motion.planning.chain import Chain
from lab_motion.planning.collision import CollisionChecker
from lab_motion.planning.port import Contacts, PlanningScene, never
from lab_motion.planning.world import HELD, OBJECT, CellText
from lab_motion.testing.world import ContractWorld

CELL = load_cell("ur5e_table")
URDF = build_urdf(CELL, visuals=False)
JOINTS = CELL.robot.joint_names
CHAIN = Chain.from_urdf(URDF, "base_link", "tcp", JOINTS)
TEXT = CellText(URDF, build_srdf(CELL), "base_link", "tcp", JOINTS)
HOME = CELL.robot.configuration("home")


def hand(opening: float) -> dict[str, float]:
    gripper = CELL.gripper
    driven = float(gripper.joint_from_opening(opening))
    return {n: f * driven + o for n, (f, o) in gripper.mimic_joints.items()} | {gripper.joint: driven}


def checker(scene: PlanningScene, margin: float = 0.0, padding: float = 0.0) -> CollisionChecker:
    text = TEXT.world(TEXT.freeze(hand(scene.opening)), scene.objects, scene.held, padding)
    return CollisionChecker(text, CHAIN, margin)


def scattered(seed: int) -> PlanningScene:
    random = np.random.default_rng(seed)
    bodies = [
        Part(
            f"box {i} & <more>",
            OrientedBox(
                make_transform(
                    rotation_about(random.normal(size=3), 1.0),
                    random.uniform([0.3, -0.3, 0], [0.8, 0.3, 0.4]),
                ),
                random.uniform(0.02, 0.2, 3),
            ),
        )
        for i in range(5)
    ]
    held = Part("held", OrientedBox(make_transform(np.eye(3), [0.0, 0.0, 0.05]), np.array([0.05, 0.03, 0.1])))
    return PlanningScene(tuple(bodies), held if seed % 2 else None, 0.04)


@pytest.mark.parametrize("seed", range(4))
def test_distances_are_those_of_the_independent_world(seed):
    """The frozen text with its added boxes is the same world as the URDF with all its joints."""
    scene = scattered(seed)
    ours, theirs = checker(scene), ContractWorld(CELL)
    theirs.set_scene(scene, Contacts())
    random = np.random.default_rng(seed)
    for positions in random.uniform(CELL.robot.position_lower, CELL.robot.position_upper, (40, 6)):
        assert ours.touches(positions, 10.0)[0].distance == pytest.approx(
            theirs.distance(positions)[0], abs=1e-6
        )


@pytest.mark.parametrize("margin", [0.0, 0.0025, 0.02])
def test_clear_means_that_nothing_is_within_the_margin(margin):
    """The broad phase finds what checking every pair finds, with margins and permitted pairs too."""
    scene = scattered(1)
    tested = checker(scene, margin)
    random = np.random.default_rng(5)
    allowed = [
        ("wrist_3_link", OBJECT + scene.objects[0].id),
        ("forearm_link", OBJECT + scene.objects[1].id),
    ]
    for permitted in ([], allowed):
        tested.permit(permitted)
        outcomes = []
        for positions in random.uniform(CELL.robot.position_lower, CELL.robot.position_upper, (150, 6)):
            touches = tested.touches(positions, margin)
            assert tested.clear(positions) == (not touches)
            assert not any(touch.pair in map(frozenset, permitted) for touch in touches)
            outcomes.append(bool(touches))
        assert any(outcomes)


def test_samples_leave_no_point_further_than_the_margin():
    """No point of the arm moves by more than two margins from one sample to the next."""
    tested = checker(PlanningScene(opening=0.04), 0.0025)
    waypoints = np.stack(
        [
            HOME,
            HOME + np.array([1.0, -0.3, 0.4, 0.2, 0.1, -1.5]),
            HOME + np.array([1.2, 0.1, 0.0, 0.2, 0.5, 0.0]),
        ]
    )
    samples = tested.samples(waypoints)
    assert np.array_equal(samples[0], waypoints[0])
    assert np.array_equal(samples[-1], waypoints[-1])
    moved = CHAIN.travel(samples, tested._radii)
    assert moved.max() <= 2.0 * 0.0025 * 1.01
    # and not many more than that needs
    assert len(samples) < 1.2 * moved.sum() / (2.0 * 0.0025) + 10


def test_a_thin_plate_between_two_free_configurations_is_found():
    """2 mm of steel: coarse samples would step over it."""
    goal = HOME + 0.5 * np.eye(6)[0]
    middle = CHAIN.forward(0.5 * (HOME + goal))
    across = rotation_about([0.0, 0.0, 1.0], float(np.arctan2(middle[1, 3], middle[0, 3])))
    plate = OrientedBox(make_transform(across, middle[:3, 3]), np.array([0.02, 0.002, 0.02]))
    tested = checker(PlanningScene((Part("plate", plate),), None, 0.04), 0.0025)
    assert tested.clear(HOME)
    assert tested.clear(goal)
    blocked = tested.first_blocked(np.stack([HOME, goal]), never)
    assert blocked is not None
    assert "plate" in str(tested.touches(blocked, 0.0025)[0])


def test_what_is_close_at_an_end_may_stay_but_not_come_closer():
    tip = CHAIN.forward(HOME)
    box = OrientedBox(make_transform(np.eye(3), tip[:3, 3] + [0.0, 0.0, -0.046]), np.array([0.2, 0.2, 0.05]))
    scene = PlanningScene((Part("below", box),), None, 0.04)
    near = checker(scene).touches(HOME, 0.1)[0].distance
    tested = checker(scene, near + 0.001)
    assert not tested.clear(HOME)
    tested.relax(HOME)
    assert tested.clear(HOME)
    assert (OBJECT + "below") in {name for pair in tested.relaxed() for name in pair}
    lower = HOME.copy()
    lower[1] += 0.01
    assert not tested.clear(lower)
    tested.permit([])
    assert not tested.clear(HOME)


def test_a_held_part_touches_the_table_but_not_the_hand():
    part = OrientedBox(make_transform(np.eye(3), [0.0, 0.0, 0.1]), np.array([0.03, 0.03, 0.2]))
    scene = PlanningScene((), Part("stick", part), 0.03)
    tested = checker(scene)
    assert tested.touches(HOME) == []
    low = HOME.copy()
    low[1] += 0.55
    names = {name for touch in tested.touches(low) for name in touch.pair}
    assert HELD + "stick" in names


def test_other_joints_than_the_arms_are_refused():
    text = TEXT.world(TEXT.freeze(hand(0.04)), (), None, 0.0)
    other = Chain(CHAIN.names[::-1], CHAIN.offsets, CHAIN.axes, CHAIN.prismatic, CHAIN.tool)
    with pytest.raises(ValueError, match="expected"):
        CollisionChecker(text, other, 0.0)
