"""Poses of joints against pinocchio, and the refusals of files that are not a robot."""

from __future__ import annotations

import math

import numpy as np
import pinocchio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_state_publisher.urdf import InvalidDescription, JointType, Mimic, parse

LIMIT = '<limit lower="-3" upper="3" effort="10" velocity="1"/>'


def robot(*joints: str, links: str = "base arm") -> str:
    bodies = "".join(f'<link name="{link}"/>' for link in links.split())
    return f'<robot name="cell">{bodies}{"".join(joints)}</robot>'


def joint(
    inside: str = "", kind: str = "revolute", name: str = "j", parent: str = "base", child: str = "arm"
) -> str:
    ends = f'<parent link="{parent}"/><child link="{child}"/>'
    return f'<joint name="{name}" type="{kind}">{ends}{inside}</joint>'


numbers = st.floats(-2, 2).map(lambda value: round(value, 6))
vectors = st.tuples(numbers, numbers, numbers)


@st.composite
def chains(draw):
    """A URDF of four joints in a row, and a position for each of them."""
    joints, positions = [], []
    for k in range(4):
        kind = draw(st.sampled_from(["revolute", "continuous", "prismatic", "fixed"]))
        xyz, rpy, axis = draw(vectors), draw(vectors), draw(vectors.filter(lambda v: math.hypot(*v) > 0.1))
        words = [" ".join(map(str, vector)) for vector in (xyz, rpy, axis)]
        inside = f'<origin xyz="{words[0]}" rpy="{words[1]}"/><axis xyz="{words[2]}"/>{LIMIT}'
        joints.append(joint(inside, kind, f"j{k}", f"l{k}", f"l{k + 1}"))
        positions.append(draw(numbers))
    return robot(*joints, links="l0 l1 l2 l3 l4"), positions


def matrix(translation, quaternion) -> np.ndarray:
    x, y, z, w = quaternion
    result = np.eye(4)
    result[:3, :3] = pinocchio.Quaternion(w, x, y, z).matrix()
    result[:3, 3] = translation
    return result


@settings(max_examples=60, deadline=None)
@given(chains())
def test_forward_kinematics_agree_with_pinocchio(chain):
    xml, positions = chain
    model = pinocchio.buildModelFromXML(xml)
    data = model.createData()
    configuration = pinocchio.neutral(model)
    base_from_tip = np.eye(4)
    for k, position in enumerate(positions):
        base_from_tip = base_from_tip @ matrix(*parse(xml).joints[f"j{k}"].pose(position))
        if model.existJointName(f"j{k}"):
            moving = model.joints[model.getJointId(f"j{k}")]
            values = [math.cos(position), math.sin(position)] if moving.nq == 2 else [position]
            configuration[moving.idx_q : moving.idx_q + moving.nq] = values
    pinocchio.framesForwardKinematics(model, data, configuration)
    expected = data.oMf[model.getFrameId("l4")].homogeneous
    np.testing.assert_allclose(base_from_tip, expected, atol=1e-9)


@given(chains())
def test_quaternions_are_of_length_one_with_positive_w(chain):
    xml, positions = chain
    for each, position in zip(parse(xml).joints.values(), positions, strict=True):
        _, quaternion = each.pose(position)
        assert math.hypot(*quaternion) == pytest.approx(1.0)
        assert quaternion[3] >= 0.0


def test_what_is_read():
    follower = joint(LIMIT + '<mimic joint="j" multiplier="-0.5" offset="0.1"/>', name="k", child="hand")
    tree = parse('<?xml version="1.0"?>' + robot(joint(LIMIT), follower, links="base arm hand"))
    assert (tree.name, tree.root, list(tree.joints)) == ("cell", "base", ["j", "k"])
    assert tree.joints["k"].mimic == Mimic("j", -0.5, 0.1)
    assert tree.joints["j"].mimic is None
    assert tree.joints["j"].axis == (1.0, 0.0, 0.0)
    assert tree.joints["j"].type is JointType.REVOLUTE


def test_a_mimic_without_numbers_copies():
    tree = parse(robot(joint(LIMIT + '<mimic joint="j"/>', name="k")))
    assert tree.joints["k"].mimic == Mimic("j", 1.0, 0.0)


@pytest.mark.parametrize(
    ("xml", "sentence"),
    [
        ("<robot", "the robot description is not well-formed XML: unclosed token: line 1, column 0"),
        ("/path/to/robot.urdf", "the robot description is not well-formed XML: not well-formed"),
        ("<sdf/>", "the robot description starts with <sdf> where URDF has <robot>"),
        ("<robot/>", 'the <robot> has no attribute "name"'),
        (robot(links=""), "the description of cell has no <link>"),
        (robot(links="base base"), "cell has more than one link called base"),
        (robot(joint(LIMIT), joint(LIMIT)), "cell has more than one joint called j"),
        (robot(links="base arm"), "cell has more than one root link: base, arm"),
        (robot(joint(kind="hinge")), 'joint j is of type "hinge"; URDF knows fixed, revolute'),
        (robot(joint()), "joint j is revolute and has no <limit>"),
        (robot(joint("<limit/>")), 'the <limit> of joint j has no attribute "effort"'),
        (robot('<joint name="j" type="fixed"><child link="arm"/></joint>'), "joint j has no <parent>"),
        (
            robot(joint(kind="fixed", child="leg")),
            "joint j names the child link leg, which cell does not have",
        ),
        (robot(joint(kind="fixed", parent="leg")), "joint j names the parent link leg, which cell does"),
        (robot(joint('<axis xyz="0 0 0"/>' + LIMIT)), "joint j has an axis of length zero"),
        (
            robot(joint('<origin xyz="0 0"/>' + LIMIT)),
            'the origin of joint j has xyz "0 0" where three numbers',
        ),
        (robot(joint('<origin rpy="0 0 pi"/>' + LIMIT)), 'a number of rpy in the origin of joint j is "pi"'),
        (
            robot(joint('<origin rpy="0 0 nan"/>' + LIMIT)),
            'a number of rpy in the origin of joint j is "nan"',
        ),
        (robot(joint(LIMIT + '<mimic offset="1"/>')), 'the <mimic> of joint j has no attribute "joint"'),
        (
            robot(joint(kind="fixed"), joint(kind="fixed", name="k", parent="arm", child="base")),
            "the joints of cell form a loop: no link is without a parent",
        ),
        (
            robot(
                joint(kind="fixed"),
                joint(kind="fixed", name="k", parent="x", child="y"),
                joint(kind="fixed", name="l", parent="y", child="x"),
                links="base arm x y",
            ),
            "the joints of cell form a loop through link x",
        ),
        (
            robot(joint(kind="fixed"), joint(kind="fixed", name="k")),
            "link arm is the child of more than one joint",
        ),
    ],
)
def test_refusals(xml, sentence):
    with pytest.raises(InvalidDescription) as error:
        parse(xml)
    assert str(error.value).startswith(sentence)
