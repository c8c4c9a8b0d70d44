"""Compiled bounds against coal: what they call clear is clear, between the samples too."""

from __future__ import annotations

import coal
import numpy as np
import pinocchio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_core.geometry import make_transform, rotation_about
from lab_motion.planning.chain import Chain
from lab_motion.planning.clearance import bounds, edge_is_clear, states_are_clear
from lab_motion.planning.separation import BOX, CYLINDER, SPHERE, bound
from lab_motion.planning.shapes import ShapeArrays

KINDS = {
    BOX: lambda half: coal.Box(*(2.0 * half).tolist()),
    CYLINDER: lambda half: coal.Cylinder(half[0], 2.0 * half[2]),
    SPHERE: lambda half: coal.Sphere(half[0]),
}
MARGIN = 0.002
# Three axes, of which one slides, with a shape of each kind on every link, beside a wall and a post.
ARM = """
<robot name="arm">
 <link name="base"><collision><geometry><box size="0.2 0.2 0.1"/></geometry></collision></link>
 <link name="upper"><collision><origin xyz="0.2 0 0" rpy="0 1.5708 0"/><geometry>
  <cylinder radius="0.05" length="0.3"/></geometry></collision></link>
 <link name="slide"><collision><origin xyz="0.1 0 0.02"/><geometry><box size="0.2 0.06 0.04"/></geometry>
 </collision></link>
 <link name="tip"><collision><origin xyz="0.05 0 0"/><geometry><sphere radius="0.06"/></geometry></collision>
  <collision><origin xyz="0.15 0.01 0" rpy="0.3 0.2 0.1"/><geometry><box size="0.1 0.05 0.02"/></geometry>
 </collision></link>
 <link name="wall"><collision><geometry><box size="0.05 0.8 0.5"/></geometry></collision></link>
 <link name="post"><collision><geometry><cylinder radius="0.04" length="0.6"/></geometry></collision></link>
 <joint name="a" type="revolute"><parent link="base"/><child link="upper"/><origin xyz="0 0 0.12"/>
  <axis xyz="0 0 1"/><limit lower="-3" upper="3" velocity="1" effort="1"/></joint>
 <joint name="b" type="prismatic"><parent link="upper"/><child link="slide"/><origin xyz="0.36 0 0.06"/>
  <axis xyz="1 0 0"/><limit lower="-0.2" upper="0.2" velocity="1" effort="1"/></joint>
 <joint name="c" type="revolute"><parent link="slide"/><child link="tip"/><origin xyz="0.25 0 0"/>
  <axis xyz="0 1 0"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint>
 <joint name="d" type="fixed"><parent link="base"/><child link="wall"/><origin xyz="0.75 0 0" rpy="0 0 0.3"/>
 </joint>
 <joint name="e" type="fixed"><parent link="base"/><child link="post"/><origin xyz="0 0.6 0" rpy="0.2 0 0"/>
 </joint>
</robot>"""
LOWER, UPPER = np.array([-3.0, -0.2, -2.0]), np.array([3.0, 0.2, 2.0])


def random_shape(random):
    kind = int(random.integers(3))
    half = random.uniform(0.01, 0.3, 3)
    half = {BOX: half, CYLINDER: half[[0, 0, 2]], SPHERE: half[[0, 0, 0]]}[kind]
    axis, angle = random.normal(size=3), random.choice([0.0, np.pi / 2, random.uniform(0.0, np.pi)])
    return kind, half, make_transform(rotation_about(axis, angle), random.uniform(-0.5, 0.5, 3))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_bound_is_never_above_the_distance_and_close_to_it(seed):
    random = np.random.default_rng(seed)
    a, b = random_shape(random), random_shape(random)
    shapes = [KINDS[kind](half) for kind, half, _ in (a, b)]
    poses = [coal.Transform3s(pose[:3, :3], pose[:3, 3]) for *_, pose in (a, b)]
    exact = coal.distance(
        shapes[0], poses[0], shapes[1], poses[1], coal.DistanceRequest(), coal.DistanceResult()
    )
    flat = [(kind, half, np.ascontiguousarray(pose[:3])) for kind, half, pose in (a, b)]
    found, turned = bound(*flat[0], *flat[1], np.inf), bound(*flat[1], *flat[0], np.inf)
    assert max(found, turned) <= max(exact, 0.0) + 1e-6
    if exact > 0.01:
        assert min(found, turned) > 0.5 * exact
    assert bound(*flat[0], *flat[1], 0.5 * exact) <= found + 1e-9


@pytest.fixture(scope="module")
def arm():
    model = pinocchio.buildModelFromXML(ARM)
    geometry = pinocchio.buildGeomFromUrdfString(model, ARM, pinocchio.GeometryType.COLLISION)
    geometry.addAllCollisionPairs()
    links = [model.frames[shape.parentFrame].name for shape in geometry.geometryObjects]
    neighbours = [{"base", "upper"}, {"upper", "slide"}, {"slide", "tip"}]
    for pair in list(geometry.collisionPairs):
        if {links[pair.first], links[pair.second]} in neighbours:
            geometry.removeCollisionPair(pair)
    chain = Chain.from_urdf(ARM, "base", "tip", ["a", "b", "c"])
    return model, geometry, ShapeArrays(chain, model, geometry)


def distances(arm, positions):
    model, geometry, _ = arm
    data = geometry.createData()
    pinocchio.computeDistances(model, model.createData(), geometry, data, positions)
    return np.array([result.min_distance for result in data.distanceResults])


def world_of(arm):
    pairs = len(arm[1].collisionPairs)
    return arm[2].world(np.full(pairs, MARGIN), np.ones(pairs, dtype=bool))


def test_every_pair_is_bounded_in_its_own_order(arm):
    world, pairs = world_of(arm)
    assert sorted(pairs) == list(range(len(arm[1].collisionPairs)))
    for positions in np.random.default_rng(0).uniform(LOWER, UPPER, (40, 3)):
        exact = distances(arm, positions)[pairs]
        found = bounds(world, positions, np.inf)
        assert np.all(found <= np.maximum(exact, 0.0) + 1e-6)
        assert np.all(found[exact > 0.01] > 0.5 * exact[exact > 0.01])


def test_clear_states_keep_the_margin(arm):
    world, _ = world_of(arm)
    states = np.random.default_rng(1).uniform(LOWER, UPPER, (400, 3))
    clear = states_are_clear(world, states)
    exact = np.array([distances(arm, positions).min() for positions in states])
    assert np.all(exact[clear] >= MARGIN - 1e-6)
    # what is refused for nothing is little
    assert np.count_nonzero(~clear & (exact > MARGIN + 0.005)) <= 0.02 * len(states)
    assert 0.2 < np.mean(clear) < 0.95, "all alike: the test proves nothing"


def test_nothing_touches_along_a_clear_edge(arm):
    world, _ = world_of(arm)
    random, hint = np.random.default_rng(2), np.zeros(1, dtype=np.int64)
    clear = refused = 0
    for start, end in random.uniform(LOWER, UPPER, (150, 2, 3)):
        end = start + 0.4 * (end - start)
        line = start + np.linspace(0.0, 1.0, 60)[:, None] * (end - start)
        nearest = min(distances(arm, positions).min() for positions in line)
        if edge_is_clear(world, start, end, hint):
            clear += 1
            assert nearest > 0.0
        elif nearest > MARGIN + 0.005:
            refused += 1
    assert clear > 30
    assert refused <= 3


def test_a_pair_that_is_not_active_may_touch(arm):
    _, geometry, shapes = arm
    pairs = len(geometry.collisionPairs)
    none, chosen = shapes.world(np.full(pairs, MARGIN), np.zeros(pairs, dtype=bool))
    assert len(chosen) == 0
    assert np.all(states_are_clear(none, np.random.default_rng(3).uniform(LOWER, UPPER, (20, 3))))


def test_a_shape_of_another_kind_is_refused(arm):
    model, geometry, _ = arm
    other = geometry.copy()
    other.addGeometryObject(
        pinocchio.GeometryObject("cone", 0, 0, pinocchio.SE3.Identity(), coal.Cone(0.1, 0.2))
    )
    chain = Chain.from_urdf(ARM, "base", "tip", ["a", "b", "c"])
    with pytest.raises(ValueError, match="Cone"):
        ShapeArrays(chain, model, other)
