"""The whole cell: simulator or drivers, perception, grasping, motion, and what it shall do."""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import launch.logging
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    AndSubstitution,
    EqualsSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    PathJoinSubstitution,
)
from launch_ros.actions import Node, SetParameter
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from lab_bringup.launch_arguments import no_others_than
from lab_bringup.launch_guard import guarded
from lab_bringup.preflight import NUMBERS, refuse_the_impossible
from lab_description import Cell, build_urdf, load_cell
from lab_description.hardware import Driver

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
        "look",
        default_value="real",
        choices=["real", "plain"],
        description="Images of the embedded simulator: as real cameras give them, or one colour a part",
    ),
    DeclareLaunchArgument(
        "speed", default_value="1.0", description="Simulated seconds per second; 0: as fast as it can"
    ),
    DeclareLaunchArgument(
        "headless", default_value="false", choices=["true", "false"], description="Gazebo without a window"
    ),
    DeclareLaunchArgument(
        "drivers",
        default_value="true",
        choices=["true", "false"],
        description="For sim:=none, start the drivers that the cell names; false: they run already",
    ),
    DeclareLaunchArgument(
        "task",
        default_value="none",
        choices=["none", "clear_table"],
        description="What the cell starts with; none: it waits for actions",
    ),
    DeclareLaunchArgument(
        "run",
        default_value="auto",
        description="Identity of this run, which its task tells in every status; auto: a new one",
    ),
    DeclareLaunchArgument(
        "record",
        default_value="auto",
        description="Folder of this run's black box and failed picks; auto: runs/<time>; none: no record",
    ),
]


CAMERA_TOPICS = (
    "/camera/color/image_raw",
    "/camera/aligned_depth/image_raw",
    "/camera/color/camera_info",
)
# without world or latch the cell is none: simulator and stop node are not among these
STARTED_AGAIN = ["perception", "grasping", "motion", "tasks", "recorder"]
# along the flow of data; the recorder, which listens to all of them, is activated first
OURS = ["stop", *STARTED_AGAIN]
# of one node within the window, seconds, until the cell ends
RESTARTS, RESTART_WINDOW = 3, 600.0


def end_everything(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """One node's end is the cell's end; a node that died makes the launch fail."""
    if event.returncode != 0 and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with exit code {event.returncode}: its messages above say why"
        )
    return [EmitEvent(event=Shutdown(reason=f"{event.process_name} has ended"))]


class Restarts:
    """A node that has died is started again, and the lifecycle manager brings it up; not again and again."""

    def __init__(self) -> None:
        self._deaths: dict[str, list[float]] = {}

    def __call__(self, event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Ends the cell at one death too many."""
        if context.is_shutdown:
            return []
        name, now = event.process_name.rpartition("-")[0], time.monotonic()
        deaths = [then for then in self._deaths.get(name, []) if now - then < RESTART_WINDOW] + [now]
        self._deaths[name] = deaths
        if len(deaths) > RESTARTS:
            raise RuntimeError(
                f"{name} ended with exit code {event.returncode}, for the {len(deaths)}th time within"
                f" {RESTART_WINDOW:.0f} s: its messages above say why"
            )
        return []


RESTARTED: dict[str, Any] = {"respawn": True, "respawn_delay": 1.0, "on_exit": Restarts()}


def robot_state_publisher(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The tf tree of the cell, from the one URDF that everyone uses."""
    cell = load_cell(context.launch_configurations["cell"])
    if context.launch_configurations["sim"] == "none":
        return []  # the drivers do, see drivers.launch.py
    urdf = build_urdf(cell)
    if context.launch_configurations["sim"] == "gazebo":
        from lab_simulation.gazebo.robot import robot_description

        urdf = robot_description(cell)
    return [
        Node(
            package="robot_state_publisher",
            executable="robot_state_publisher",
            parameters=[
                {"robot_description": ParameterValue(urdf, value_type=str), "publish_frequency": 30.0}
            ],
            ros_arguments=enclave("robot_state_publisher"),
            **RESTARTED,
        )
    ]


def enclave(node: str) -> list[str]:
    """Where the keys of a node are, when DDS security is on; see docs/security.md."""
    return ["--enclave", f"/lab/{node}"]


def number(name: str) -> ParameterValue:
    """A launch argument as a typed parameter."""
    return ParameterValue(LaunchConfiguration(name), value_type=NUMBERS[name])


def lab_node(package: str, executable: str, name: str, *parameters: dict[str, Any], **arguments: Any) -> Node:
    """One of our managed nodes, with its entry in config/nodes.yaml and the cell. Its end is the cell's."""
    return Node(
        package=package,
        executable=executable,
        name=name,
        parameters=[NODE_PARAMETERS, {"cell": LaunchConfiguration("cell")}, *parameters],
        ros_arguments=enclave(name),
        **{"on_exit": end_everything, **arguments},
    )


def stop(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The stop node, by the wall's time."""
    return [lab_node("lab_stop", "stop_node", "stop", {"use_sim_time": False} | robot_inputs(context))]


def robot_inputs(context: LaunchContext) -> dict[str, Any]:
    """A robot whose driver knows that it is stopped at its own panel stops the cell."""
    return {
        name: topic
        for driver in arm_drivers(context)
        for name, topic in (("running_topic", driver.running_topic), ("speed_topic", driver.speed_topic))
        if topic is not None
    }


def arm_drivers(context: LaunchContext) -> list[Driver]:
    """The driver of the arm, if the cell has a real one."""
    if context.launch_configurations["sim"] != "none":
        return []
    devices = load_cell(context.launch_configurations["cell"]).drivers()
    return [device.driver for device in devices if device.kind == "robot"]


def motion(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The motion node."""
    return [lab_node("lab_motion", "motion_node", "motion", motion_parameters(context), **RESTARTED)]


def tasks(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The task node, also when it is started anew, of this run."""
    run = context.launch_configurations["run"]
    told = ParameterValue(uuid4().hex if run == "auto" else run, value_type=str)
    return [
        lab_node(
            "lab_tasks",
            "task_node",
            "tasks",
            {"task": LaunchConfiguration("task"), "run": told},
            **RESTARTED,
        )
    ]


def motion_parameters(context: LaunchContext) -> dict[str, Any]:
    """A real arm starts slowly, and after somebody has said that it may."""
    parameters: dict[str, Any] = {
        "planner": LaunchConfiguration("planner"),
        "seed": number("seed"),
        # of this start of the cell alone, for a motion node that is started anew in it
        "placed_file": str(Path(launch.logging.launch_config.log_dir) / f"placed_{uuid4().hex}.json"),
    }
    hardware = load_cell(context.launch_configurations["cell"]).hardware
    if context.launch_configurations["sim"] == "none" and hardware is not None:
        parameters |= {
            "speed": hardware.speed,
            "acceleration": hardware.acceleration,
            "confirm_first": True,
            "first_speed": hardware.first_speed,
            "stamped_goals": not any(driver.scales_time for driver in arm_drivers(context)),
        }
    return parameters


def included(file: str, arguments: list[str], condition: IfCondition) -> IncludeLaunchDescription:
    """Another launch file of this folder, with arguments of the same names."""
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare("lab_bringup"), "launch", file])
        ),
        launch_arguments={name: LaunchConfiguration(name) for name in arguments}.items(),
        condition=condition,
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
        "look": LaunchConfiguration("look"),
        "speed": number("speed"),
    }
    return LaunchDescription(
        [
            *ARGUMENTS,
            no_others_than(ARGUMENTS, __file__),
            # idle, a second thread of the linear algebra spins: a tenth of a core of perception for nothing
            SetEnvironmentVariable("OPENBLAS_NUM_THREADS", "1"),
            # glibc's heap for each thread keeps what that thread has freed: the simulator, which makes its
            # model anew in other threads whenever a part comes or goes, takes 700 MB with them, 210 without
            SetEnvironmentVariable("MALLOC_ARENA_MAX", "1"),
            OpaqueFunction(function=refuse_the_impossible),
            OpaqueFunction(function=guarded),
            SetParameter("use_sim_time", True, condition=IfCondition(simulated)),
            OpaqueFunction(function=robot_state_publisher),
            lab_node("lab_simulation", "simulator_node", "simulator", scene, condition=embedded),
            included(
                "gazebo.launch.py",
                ["cell", "scene", "parts", "meshes", "seed", "headless"],
                IfCondition(EqualsSubstitution(LaunchConfiguration("sim"), "gazebo")),
            ),
            included(
                "drivers.launch.py",
                ["cell"],
                IfCondition(
                    AndSubstitution(
                        EqualsSubstitution(LaunchConfiguration("sim"), "none"), LaunchConfiguration("drivers")
                    )
                ),
            ),
            OpaqueFunction(function=stop),
            lab_node("lab_perception", "perception_node", "perception", **RESTARTED),
            lab_node("lab_grasping", "grasp_node", "grasping", {"seed": number("seed")}, **RESTARTED),
            OpaqueFunction(function=motion),
            OpaqueFunction(function=tasks),
            lab_node(
                "lab_recorder",
                "recorder_node",
                "recorder",
                {"folder": LaunchConfiguration("record")},
                **RESTARTED,
            ),
            OpaqueFunction(function=lifecycle_manager),
        ]
    )


def waited_for(cell: Cell, sim: str) -> dict[str, list[str]]:
    """What the nodes live on, and which device publishes it, as parameters of the lifecycle manager."""
    arm, hand = f"{cell.robot.trajectory_action}/_action/status", cell.end_effector.signs_of_life
    kinds = dict.fromkeys(CAMERA_TOPICS, "camera") | {"/joint_states": "robot", arm: "robot"}
    kinds |= dict.fromkeys(hand, "gripper")
    words = dict.fromkeys(kinds.values(), "Gazebo")
    if sim == "none":
        words = {device.kind: device.words for device in cell.drivers()}
    return {"topics": list(kinds), "publishers": [words[kind] for kind in kinds.values()]}


def lifecycle_manager(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Brings the nodes up, producers of data named first, as soon as what they live on is there."""
    # it has no use for simulated time, and each listener to the clock costs a tenth of a core
    parameters: dict[str, Any] = {"nodes": list(OURS), "restarted": STARTED_AGAIN, "use_sim_time": False}
    if context.launch_configurations["sim"] == "mujoco":
        parameters["nodes"].insert(0, "simulator")
    else:
        cell = load_cell(context.launch_configurations["cell"])
        parameters |= waited_for(cell, context.launch_configurations["sim"])
    return [
        Node(
            package="lab_bringup",
            executable="lifecycle_manager",
            name="lifecycle_manager",
            parameters=[parameters],
            ros_arguments=enclave("lifecycle_manager"),
            on_exit=end_everything,
        )
    ]
