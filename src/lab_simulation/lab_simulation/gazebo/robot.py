"""The arm with its gripper for Gazebo: URDF with gz_ros2_control, and the controllers that it runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

import numpy as np

from lab_description import Cell, build_urdf
from lab_description.controllers import arm_parameters, gripper_parameters
from lab_description.meshes import ros_package
from lab_description.urdf import urdf_of_links
from lab_node.names import resolve
from lab_simulation.gazebo.world import pose_words
from lab_simulation.mujoco.fingers import USUAL_GRIP
from lab_simulation.mujoco.simulation import HOME

ROBOT = "robot"
WRIST_SENSOR = "wrist"
RATE = 250
"""Of the controllers, Hz; four steps of the physics."""
SENSOR_RATE = 100
PAD_FRICTION = 1.0
TREMBLING = 0.5
"""Share of the fingers' speed limit. Fingers that press a part tremble in Gazebo, with up to 0.65 rad/s of
1.4: only what is faster moves."""
_CONTACT_STIFFNESS = ("kp", "1e6"), ("kd", "100")


def robot_description(cell: Cell) -> str:
    """The whole cell's URDF for robot_state_publisher; the controller manager takes its hardware from it."""
    root = fromstring(build_urdf(cell))
    root.append(_ros2_control(cell))
    return _written(root)


def gazebo_urdf(cell: Cell, controllers: Path) -> str:
    """What is spawned: arm and gripper, fixed to the world, without furniture and camera.

    controllers: file that `controller_parameters` was written to.
    """
    root = fromstring(urdf_of_links(build_urdf(cell), {*cell.robot.links, *cell.gripper.links}))
    SubElement(root, "link", name="world")
    joint = SubElement(root, "joint", name="world_mount", type="fixed")
    SubElement(joint, "parent", link="world")
    SubElement(joint, "child", link=cell.robot.base_link)
    _limit_grip(root, cell)
    _wrist(root, cell)
    for side, pad in (("left", cell.gripper.left_pad), ("right", cell.gripper.right_pad)):
        _grip_surface(root, pad)
        if side in cell.gripper.wrench_topics:
            _pad_sensors(root, pad, resolve(cell.gripper.wrench_topics[side]), contacts_topic(cell, side))
    root.append(_ros2_control(cell))
    plugin = SubElement(
        SubElement(root, "gazebo"),
        "plugin",
        filename="gz_ros2_control-system",
        name="gz_ros2_control::GazeboSimROS2ControlPlugin",
    )
    SubElement(plugin, "parameters").text = str(controllers)
    return _with_files(_written(root))


def contacts_topic(cell: Cell, side: str) -> str:
    """Of what touches a pad, beside its wrench."""
    return resolve(cell.gripper.wrench_topics[side]).rpartition("/")[0] + "/contacts"


def controller_names(cell: Cell) -> list[str]:
    """In the order in which they are started."""
    return [
        "joint_state_broadcaster",
        cell.robot.arm_controller,
        cell.gripper.gripper_controller,
        cell.robot.wrench_broadcaster,
    ]


def controller_parameters(cell: Cell) -> dict[str, Any]:
    """ROS parameters of the controller manager and of its controllers, by node."""
    robot, gripper = cell.robot, cell.gripper
    controllers = {
        "joint_state_broadcaster": {"type": "joint_state_broadcaster/JointStateBroadcaster"},
        robot.arm_controller: arm_parameters(cell),
        gripper.gripper_controller: gripper_parameters(
            cell, of_driver={"stall_velocity_threshold": TREMBLING * gripper.joints[gripper.joint].velocity}
        ),
        robot.wrench_broadcaster: {
            "type": "force_torque_sensor_broadcaster/ForceTorqueSensorBroadcaster",
            "sensor_name": WRIST_SENSOR,
            "frame_id": gripper.base_link,
        },
    }
    manager = {name: {"type": parameters["type"]} for name, parameters in controllers.items()}
    # on by default from Kilted on: arm and fingers that lag have their commands cut; the planner keeps limits
    manager_parameters = {"update_rate": RATE, "enforce_command_limits": False, **manager}
    nodes: dict[str, Any] = {"controller_manager": manager_parameters, **controllers}
    return {name: {"ros__parameters": parameters} for name, parameters in nodes.items()}


def _ros2_control(cell: Cell) -> Element:
    robot, gripper = cell.robot, cell.gripper
    system = Element("ros2_control", name="gazebo", type="system")
    hardware = SubElement(system, "hardware")
    SubElement(hardware, "plugin").text = "gz_ros2_control/GazeboSimSystem"
    start = dict(zip(robot.joint_names, robot.configuration(HOME).tolist(), strict=True))
    start[gripper.joint] = float(gripper.joint_from_opening(gripper.maximum_opening))
    for name in [*start, *gripper.mimic_joints]:
        joint = SubElement(system, "joint", name=name)
        if name in start:
            SubElement(joint, "command_interface", name="position")
        state = SubElement(joint, "state_interface", name="position")
        if name in start:
            SubElement(state, "param", name="initial_value").text = f"{start[name]:.9g}"
        SubElement(joint, "state_interface", name="velocity")
    sensor = SubElement(system, "sensor", name=WRIST_SENSOR)
    for kind in ("force", "torque"):
        for axis in "xyz":
            SubElement(sensor, "state_interface", name=f"{kind}.{axis}")
    SubElement(sensor, "param", name="frame_id").text = gripper.base_link
    return system


def _limit_grip(root: Element, cell: Cell) -> None:
    """The driven joint pushes a pad with some 20 N, the joints that follow it hold against that. With
    twice as much, USUAL_GRIP, contacts of DART become unstable.

    gz_ros2_control moves them after it by their own motors: DART knows no mimic constraint.
    """
    gripper = cell.gripper
    limits = gripper.joints[gripper.joint]
    joint = np.linspace(limits.lower, limits.upper, 101)
    pad_travel = 0.5 * np.abs(np.gradient(gripper.opening_from_joint(joint), joint))
    element = root.find(f"joint[@name='{gripper.joint}']/limit")
    assert element is not None
    element.set("effort", f"{USUAL_GRIP * float(pad_travel.max()):.6g}")


def _wrist(root: Element, cell: Cell) -> None:
    """A sensor in the joint between arm and gripper: what gripper and load pull at the arm.

    The gripper is mounted on the last link of the arm that has a mass: SDFormat drops whatever hangs on a
    massless link by a joint that stays.
    """
    robot = cell.robot
    above = {joint.child: joint for joint in robot.joints.values()}
    link, link_from_tool = robot.tool_link, np.eye(4)
    while robot.links[link].inertial is None:
        joint = above[link]
        link, link_from_tool = joint.parent, joint.motion(np.zeros(1))[0] @ link_from_tool
    name = f"{cell.gripper.base_link}_mount"
    mount = root.find(f"joint[@name='{name}']")
    assert mount is not None
    for element in mount.findall("parent") + mount.findall("origin"):
        mount.remove(element)
    words = pose_words(link_from_tool @ cell.tool_from_gripper).split()
    SubElement(mount, "parent", link=link)
    SubElement(mount, "origin", xyz=" ".join(words[:3]), rpy=" ".join(words[3:]))
    _force_torque(root, name, WRIST_SENSOR, f"/{WRIST_SENSOR}/wrench")


def _grip_surface(root: Element, pad: str) -> None:
    """Friction and stiffness of a pad."""
    surface = SubElement(root, "gazebo", reference=pad)
    for tag in ("mu1", "mu2"):
        SubElement(surface, tag).text = f"{PAD_FRICTION:g}"
    for tag, value in _CONTACT_STIFFNESS:
        SubElement(surface, tag).text = value


def _pad_sensors(root: Element, pad: str, wrench: str, contacts: str) -> None:
    """Contacts, and the force that pushes on the pad, in its own frame: +y into the pad."""
    joint = next(element for element in root.iter("joint") if _child(element) == pad)
    _force_torque(root, str(joint.get("name")), f"{pad}_force", wrench)
    sensor = SubElement(
        SubElement(root, "gazebo", reference=pad), "sensor", name=f"{pad}_contact", type="contact"
    )
    SubElement(sensor, "update_rate").text = str(SENSOR_RATE)
    SubElement(sensor, "always_on").text = "true"
    contact = SubElement(sensor, "contact")
    SubElement(contact, "collision").text = f"{pad}_collision"
    SubElement(contact, "topic").text = contacts


def _force_torque(root: Element, joint: str, name: str, topic: str) -> None:
    element = SubElement(root, "gazebo", reference=joint)
    # otherwise both links become one, and the joint with its sensor is gone
    SubElement(element, "preserveFixedJoint").text = "true"
    sensor = SubElement(element, "sensor", name=name, type="force_torque")
    SubElement(sensor, "update_rate").text = str(SENSOR_RATE)
    SubElement(sensor, "always_on").text = "true"
    SubElement(sensor, "topic").text = topic
    measured = SubElement(sensor, "force_torque")
    SubElement(measured, "frame").text = "child"
    SubElement(measured, "measure_direction").text = "child_to_parent"


def _child(joint: Element) -> str | None:
    child = joint.find("child")
    return None if child is None else child.get("link")


def _with_files(urdf: str) -> str:
    """package:// of ROS packages as file://: Gazebo would look for them in paths of its own."""

    def uri(match: re.Match[str]) -> str:
        share = ros_package(match[1])
        return f"{share.as_uri()}/" if share is not None else match[0]

    return re.sub(r"package://([A-Za-z0-9_-]+)/", uri, urdf)


def _written(root: Element) -> str:
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"
