"""The drivers of a real cell, as its YAML names them, and the frames that they do not publish themselves.

cell.launch.py includes it for sim:=none; alone it is a cell that waits for commands.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.logging import get_logger
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node, SetRemap
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from lab_bringup.launch_arguments import no_others_than
from lab_bringup.launch_guard import guarded
from lab_core.errors import LabError
from lab_description import Cell, build_urdf, load_cell
from lab_description.controllers import arm_parameters, gripper_parameters
from lab_description.hardware import Driver, StartedDriver
from lab_description.urdf import urdf_of_links, with_massless_root
from lab_node.names import resolve

ARGUMENTS = [
    DeclareLaunchArgument("cell", default_value="ur5e_table", description="Cell: a name or a path"),
]
# What an action consists of; ROS 2 remaps each part by itself.
ACTION = ("send_goal", "cancel_goal", "get_result", "feedback", "status")
# Of a controller manager that we start, and at most of joint states that are passed on, Hz.
RATE, STATES_RATE = 100, 200.0


def drivers(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Everything that stands between this stack and the devices of the cell."""
    try:
        cell = load_cell(context.launch_configurations["cell"])
        started = cell.drivers()
    except LabError as error:
        raise RuntimeError(str(error)) from None
    refuse_fingers(cell, next(device for device in started if device.kind == "gripper"))
    folder = Path(tempfile.mkdtemp(prefix="lab_drivers_"))
    # of the cell, or of whatever group the user has put this file into
    namespace = context.launch_configurations.get("ros_namespace", "").rstrip("/")
    actions = [deaths_are_told(), *frames(cell, namespace)]
    for device in started:
        if device.driver.launch is not None:
            actions.append(makers_launch_file(device.driver, namespace))
        if device.driver.executable is not None:
            actions.append(makers_node(device.driver, namespace))
        if device.driver.joint_states_topic is not None:
            actions.append(measured_states(device.driver, namespace))
        if device.driver.adapter is not None:
            actions.append(adapter(cell, device.driver))
        if device.kind == "robot":
            actions.append(arm_controller(cell, device, folder, namespace))
        elif device.kind == "gripper":
            actions += gripper(cell, device, folder, namespace)
    return actions


def refuse_fingers(cell: Cell, device: StartedDriver) -> None:
    """Raises RuntimeError where a driver of fingers is to drive an end effector that has none."""
    hand = cell.end_effector
    if device.driver.plugin is not None and not hand.actions:
        raise RuntimeError(
            f"{device.words}: hardware of ros2_control moves fingers; '{hand.name}' needs a node that serves"
            f" {', '.join(hand.services)} and publishes {', '.join(hand.topics)}, see docs/add_a_robot.md"
        )


def deaths_are_told() -> RegisterEventHandler:
    """Also those of processes that a maker's launch file starts.

    None is started again and the cell does not end: which of a maker's processes matter is not known here,
    and an arm whose driver has come back moves on only when a person has looked at it.
    """
    return RegisterEventHandler(OnProcessExit(target_action=is_driver, on_exit=tell_death))


def is_driver(action: Action) -> bool:
    """Whether a process stays, and is not one of the stack's nodes, whose ends cell.launch.py sees to."""
    package, executable = (getattr(action, f"node_{name}", None) for name in ("package", "executable"))
    return executable != "spawner" and not (isinstance(package, str) and package.startswith("lab_"))


def tell_death(event: ProcessExited, context: LaunchContext) -> None:
    """One sentence about a process that has failed."""
    if event.returncode != 0 and not context.is_shutdown:
        get_logger("drivers").error(
            f"{event.process_name}, of the cell's drivers, has ended with exit code {event.returncode}: what"
            " it published goes stale, and what needs that is refused; its messages above say why, and the"
            " cell has to be started again"
        )


def frames(cell: Cell, namespace: str) -> list[LaunchDescriptionEntity]:
    """The arm's driver publishes the arm's frames, from its own calibration; these are all others."""
    standing = {box.link for box in cell.furniture} | {*cell.camera.model.links, cell.robot.base_link}
    return [
        state_publisher("surroundings", urdf_of_links(build_urdf(cell), standing), namespace),
        state_publisher("gripper", gripper_urdf(cell), namespace),
    ]


def state_publisher(part: str, urdf: str, namespace: str) -> Node:
    """Frames of a part of the cell; its description stays in a namespace of its own."""
    return Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=part,
        parameters=[{"robot_description": ParameterValue(with_massless_root(urdf), value_type=str)}],
        remappings=[("joint_states", f"{namespace}/joint_states")],
    )


def gripper_urdf(cell: Cell) -> str:
    """The gripper on the flange; with hardware where its driver is a plug-in of ros2_control."""
    urdf = urdf_of_links(build_urdf(cell), {cell.robot.tool_link, *cell.end_effector.links})
    driver = next(device.driver for device in cell.drivers() if device.kind == "gripper")
    if driver.plugin is None:
        return urdf
    root = ElementTree.fromstring(urdf)
    system = ElementTree.SubElement(root, "ros2_control", name="gripper", type="system")
    hardware = ElementTree.SubElement(system, "hardware")
    ElementTree.SubElement(hardware, "plugin").text = driver.plugin
    for name, value in driver.parameters.items():
        ElementTree.SubElement(hardware, "param", name=name).text = value
    joint = ElementTree.SubElement(system, "joint", name=cell.gripper.joint)
    ElementTree.SubElement(joint, "command_interface", name="position")
    for interface in ("position", "velocity"):
        ElementTree.SubElement(joint, "state_interface", name=interface)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def remapped(driver: Driver, namespace: str) -> list[tuple[str, str]]:
    """The names of the driver and those that they get; what begins with / begins at the cell's namespace."""
    names = (
        tuple(f"{namespace}{each}" if each.startswith("/") else each for each in rule)
        for rule in driver.remap.items()
    )
    return [(theirs, ours) for theirs, ours in names]


def makers_launch_file(driver: Driver, namespace: str) -> GroupAction:
    """The launch file of the device's maker; its topics get the names of docs/architecture.md."""
    file = PathJoinSubstitution([FindPackageShare(driver.package), "launch", str(driver.launch)])
    return GroupAction(
        [
            *(SetRemap(theirs, ours) for theirs, ours in remapped(driver, namespace)),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(file), launch_arguments=driver.arguments.items()
            ),
        ]
    )


def makers_node(driver: Driver, namespace: str) -> Node:
    """The node of the device's maker, by the name of its package."""
    return Node(
        package=driver.package,
        executable=driver.executable,
        name=driver.package,
        parameters=[dict(driver.parameters)],
        remappings=remapped(driver, namespace),
    )


def measured_states(driver: Driver, namespace: str) -> Node:
    """Passes joint states on to /joint_states with the stamps that they have, and no more than are needed."""
    return Node(
        package="topic_tools",
        executable="throttle",
        name=f"{driver.package}_joint_states",
        arguments=[
            "messages",
            resolve(str(driver.joint_states_topic), namespace),
            str(STATES_RATE),
            f"{namespace}/joint_states",
        ],
    )


def adapter(cell: Cell, driver: Driver) -> Node:
    """What turns this stack's action into the driver's."""
    return Node(
        package="lab_motion",
        executable=driver.adapter,
        parameters=[{"cell": str(cell.files["cell"])}],
        on_exit=tell_death,
    )


def end_without(controllers: str, device: StartedDriver) -> Callable[[ProcessExited, LaunchContext], None]:
    """For a spawner: a cell whose controllers were not started ends, with a sentence."""

    def spawner_ended(event: ProcessExited, context: LaunchContext) -> None:
        if event.returncode != 0 and not context.is_shutdown:
            raise RuntimeError(
                f"{controllers} was not started for the {device.words}: does the device answer there?"
                " The messages of its driver and of the spawner above say more"
            )

    return spawner_ended


def arm_controller(cell: Cell, device: StartedDriver, folder: Path, namespace: str) -> Node:
    """The controller of our trajectories, in the controller manager of the arm's driver."""
    driver, name, file = device.driver, cell.robot.arm_controller, folder / "arm.yaml"
    parameters = arm_parameters(cell, str(driver.controller), driver.controller_parameters)
    file.write_text(
        yaml.safe_dump({f"{namespace}/{name}" if namespace else name: {"ros__parameters": parameters}}),
        encoding="utf-8",
    )
    return Node(
        package="controller_manager",
        executable="spawner",
        arguments=[name, "--param-file", str(file), "--controller-manager-timeout", "120"],
        on_exit=end_without(name, device),
    )


def gripper(cell: Cell, device: StartedDriver, folder: Path, namespace: str) -> list[LaunchDescriptionEntity]:
    """A controller manager of its own for a gripper whose driver is a plug-in of ros2_control."""
    driver = device.driver
    if driver.plugin is None:
        return []
    name, file = cell.gripper.gripper_controller, folder / "gripper.yaml"
    broadcaster = "joint_state_broadcaster/JointStateBroadcaster"
    parameters = gripper_parameters(cell, str(driver.controller), driver.controller_parameters)
    manager: dict[str, Any] = {
        "update_rate": RATE,
        # on by default from Kilted on: a goal of the fingers is cut into steps, and they stop and start
        "enforce_command_limits": False,
        "joint_state_broadcaster": {"type": broadcaster},
        name: {"type": parameters["type"]},
    }
    space = f"{namespace}/gripper"
    nodes = {
        f"{space}/controller_manager": manager,
        f"{space}/joint_state_broadcaster": {"type": broadcaster},
        f"{space}/{name}": parameters,
    }
    file.write_text(
        yaml.safe_dump({node: {"ros__parameters": content} for node, content in nodes.items()}),
        encoding="utf-8",
    )
    ours, theirs = (resolve(cell.gripper.action, where) for where in (namespace, space))
    names = [
        ("joint_states", f"{namespace}/joint_states"),
        *((f"{theirs}/_action/{part}", f"{ours}/_action/{part}") for part in ACTION),
    ]
    return [
        Node(
            package="controller_manager",
            executable="ros2_control_node",
            namespace="gripper",
            parameters=[str(file)],
        ),
        Node(
            package="controller_manager",
            executable="spawner",
            namespace="gripper",
            arguments=[
                "joint_state_broadcaster",
                name,
                # from Lyrical on a controller gets neither parameters nor names from its manager
                "--param-file",
                str(file),
                "--controller-ros-args",
                " ".join(f"-r {old}:={new}" for old, new in names),
                "--controller-manager",
                f"{space}/controller_manager",
                "--controller-manager-timeout",
                "120",
            ],
            on_exit=end_without(name, device),
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    """Launch description of the drivers."""
    return LaunchDescription(
        [
            *ARGUMENTS,
            no_others_than(ARGUMENTS, __file__),
            OpaqueFunction(function=guarded),
            OpaqueFunction(function=drivers),
        ]
    )
