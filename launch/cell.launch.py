"""The whole cell: simulator or drivers, perception, grasping, motion, and what it shall do."""

from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from lab_node.errors import LabError
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction
from launch.conditions import IfCondition, UnlessCondition
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import (
    EqualsSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    PathJoinSubstitution,
)
from launch_ros.actions import Node, SetParameter
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from lab_description import build_urdf, load_cell
from launch import LaunchContext, LaunchDescription

NODE_PARAMETERS = PathJoinSubstitution([FindPackageShare("lab_bringup"), "config", "nodes.yaml"])

ARGUMENTS = [
    DeclareLaunchArgument(
        "sim",
        default_value="mujoco",
        choices=["mujoco", "gazebo", "none"],
        description="What stands in for the cell: embedded simulator, Gazebo, or the real thing",
    ),
    DeclareLaunchArgument(
        "robot", default_value="ur5e", description="Robot; its cell is config/cells/<robot>_table.yaml"
    ),
    DeclareLaunchArgument(
        "cell",
        default_value=[LaunchConfiguration("robot"), "_table"],
        description="Cell: a name in config/cells or the path of a YAML file",
    ),
    DeclareLaunchArgument(
        "planner",
        default_value="auto",
        choices=["auto", "roboplan", "moveit"],
        description="Motion planner; auto takes MoveIt where it is installed",
    ),
    DeclareLaunchArgument(
        "scene",
        default_value="scattered",
        description="What lies on the table: a name in config/scenes or the path of a YAML file",
    ),
    DeclareLaunchArgument("parts", default_value="0", description="Number of parts; 0: as the scene says"),
    DeclareLaunchArgument(
        "meshes", default_value="", description="Folder of OBJ or STL files to take the parts from"
    ),
    DeclareLaunchArgument(
        "seed", default_value="0", description="Decides the scene, the noise and the plans"
    ),
    DeclareLaunchArgument(
        "speed", default_value="1.0", description="Simulated seconds per second; 0: as fast as it can"
    ),
    DeclareLaunchArgument(
        "task",
        default_value="none",
        choices=["none", "clear_table"],
        description="What the cell starts with; none: it waits for actions",
    ),
    DeclareLaunchArgument(
        "record",
        default_value="auto",
        description="Folder of this run's black box and failed picks; auto: runs/<time>; none: no record",
    ),
]


# along the flow of data; the recorder, which listens to all of them, is activated first
OURS = ["perception", "grasping", "motion", "tasks", "recorder"]
NUMBERS = {"parts": int, "seed": int, "speed": float}


def refuse_the_impossible(context: LaunchContext) -> None:
    """Ends with a sentence where a value cannot work on this machine."""
    for name, kind in NUMBERS.items():
        value = context.launch_configurations[name]
        try:
            kind(value)
        except ValueError:
            wanted = "a whole number" if kind is int else "a number"
            raise RuntimeError(f"{name}:={value} is not {wanted}: see --show-args") from None
    if context.launch_configurations["sim"] == "gazebo":
        try:
            get_package_prefix("ros_gz_sim")
        except PackageNotFoundError:
            raise RuntimeError(
                "sim:=gazebo needs Gazebo, and package ros_gz_sim is not installed here:"
                " install ros_gz of your distribution, or use sim:=mujoco"
            ) from None
        raise RuntimeError("sim:=gazebo is not supported by this version yet: use sim:=mujoco")
    if context.launch_configurations["planner"] == "moveit":
        try:
            get_package_prefix("moveit_py")
        except PackageNotFoundError:
            raise RuntimeError(
                "planner:=moveit needs MoveIt, and package moveit_py is not installed here:"
                " install it from your distribution, or use planner:=roboplan"
            ) from None


def end_everything(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """One node's end is the cell's end; a node that died makes the launch fail."""
    if event.returncode != 0 and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with exit code {event.returncode}: its messages above say why"
        )
    return [EmitEvent(event=Shutdown(reason=f"{event.process_name} has ended"))]


def robot_state_publisher(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The tf tree of the cell, from the one URDF that everyone uses."""
    try:
        urdf = build_urdf(load_cell(context.launch_configurations["cell"]))
    except LabError as error:
        raise RuntimeError(str(error)) from None
    return [
        Node(
            package="robot_state_publisher",
            executable="robot_state_publisher",
            parameters=[
                {"robot_description": ParameterValue(urdf, value_type=str), "publish_frequency": 30.0}
            ],
            ros_arguments=enclave("robot_state_publisher"),
            on_exit=end_everything,
        )
    ]


def enclave(node: str) -> list[str]:
    """Where the keys of a node are, when DDS security is on; see docs/security.md."""
    return ["--enclave", f"/lab/{node}"]


def number(name: str) -> ParameterValue:
    """A launch argument as a typed parameter."""
    return ParameterValue(LaunchConfiguration(name), value_type=NUMBERS[name])


def lab_node(package: str, executable: str, name: str, *parameters: dict[str, Any], **arguments: Any) -> Node:
    """One of our managed nodes, with its entry in config/nodes.yaml and the cell."""
    return Node(
        package=package,
        executable=executable,
        name=name,
        parameters=[NODE_PARAMETERS, {"cell": LaunchConfiguration("cell")}, *parameters],
        ros_arguments=enclave(name),
        on_exit=end_everything,
        **arguments,
    )


def generate_launch_description() -> LaunchDescription:
    """Launch description of the cell."""
    simulated = NotEqualsSubstitution(LaunchConfiguration("sim"), "none")
    embedded = IfCondition(EqualsSubstitution(LaunchConfiguration("sim"), "mujoco"))
    scene = {
        "scene": LaunchConfiguration("scene"),
        "parts": number("parts"),
        "meshes": LaunchConfiguration("meshes"),
        "seed": number("seed"),
        "speed": number("speed"),
    }
    return LaunchDescription(
        [
            *ARGUMENTS,
            OpaqueFunction(function=refuse_the_impossible),
            SetParameter("use_sim_time", True, condition=IfCondition(simulated)),
            OpaqueFunction(function=robot_state_publisher),
            lab_node("lab_simulation", "simulator_node", "simulator", scene, condition=embedded),
            lab_node("lab_perception", "perception_node", "perception"),
            lab_node("lab_grasping", "grasp_node", "grasping", {"seed": number("seed")}),
            lab_node(
                "lab_motion",
                "motion_node",
                "motion",
                {"planner": LaunchConfiguration("planner"), "seed": number("seed")},
            ),
            lab_node("lab_tasks", "task_node", "tasks", {"task": LaunchConfiguration("task")}),
            lab_node("lab_recorder", "recorder_node", "recorder", {"folder": LaunchConfiguration("record")}),
            lifecycle_manager(["simulator", *OURS], IfCondition(simulated)),
            lifecycle_manager(OURS, UnlessCondition(simulated)),
        ]
    )


def lifecycle_manager(nodes: list[str], condition: IfCondition) -> Node:
    """Brings the nodes up, producers of data named first."""
    return Node(
        package="lab_bringup",
        executable="lifecycle_manager",
        name="lifecycle_manager",
        # it has no use for simulated time, and each listener to the clock costs a tenth of a core
        parameters=[{"nodes": nodes, "use_sim_time": False}],
        ros_arguments=enclave("lifecycle_manager"),
        condition=condition,
        on_exit=end_everything,
    )
