"""The cell as SRDF: groups, named states, end effector, pairs that are not checked."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lab_description.cell import Cell
from lab_description.gripper import Gripper
from lab_description.stored_pairs import disabled_pairs

ROBOT = "cell"
ARM_GROUP = "manipulator"
GRIPPER_GROUP = "gripper"
END_EFFECTOR = "hand"


def build_srdf(cell: Cell) -> str:
    """SRDF of the cell; its names are those of build_urdf().

    Group `manipulator` is the chain from the robot's base_link to the tcp; `gripper` are the links of the
    end effector, with the states `open` and `closed` of fingers; end effector is `hand`.

    Raises ConfigurationError when the stored collision matrix is malformed.
    """
    robot, effector = cell.robot, cell.end_effector
    root = Element("robot", name=ROBOT)
    arm = SubElement(root, "group", name=ARM_GROUP)
    SubElement(arm, "chain", base_link=robot.base_link, tip_link=effector.tcp_link)
    hand = SubElement(root, "group", name=GRIPPER_GROUP)
    for link in effector.links:
        SubElement(hand, "link", name=link)
    for joint in effector.moving:
        SubElement(hand, "joint", name=joint)
    for name, positions in robot.configurations.items():
        _state(root, ARM_GROUP, name, dict(zip(robot.joint_names, positions, strict=True)))
    if isinstance(effector, Gripper):
        for name, opening in (("open", effector.maximum_opening), ("closed", effector.minimum_opening)):
            _state(root, GRIPPER_GROUP, name, {effector.joint: float(effector.joint_from_opening(opening))})
    SubElement(
        root,
        "end_effector",
        name=END_EFFECTOR,
        parent_link=robot.tool_link,
        group=GRIPPER_GROUP,
        parent_group=ARM_GROUP,
    )
    if isinstance(effector, Gripper):
        for name in effector.mimic_joints:
            SubElement(root, "passive_joint", name=name)
    for pair in disabled_pairs(cell):
        SubElement(root, "disable_collisions", link1=pair.first, link2=pair.second, reason=pair.reason)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _state(root: Element, group: str, name: str, positions: dict[str, float]) -> None:
    state = SubElement(root, "group_state", name=name, group=group)
    for joint, position in positions.items():
        SubElement(state, "joint", name=joint, value=f"{position:.10g}")
