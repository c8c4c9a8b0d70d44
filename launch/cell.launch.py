"""The whole cell: simulator or drivers, perception, grasping, motion, and what it shall do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import launch.logging
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    AndSubstitution,
    EqualsSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    PathJoinSubstitution,
)
from launch_ros.actions import SetParameter
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from lab_bringup.graph_actions import (
    described,
    manager_parameters,
    names_of,
    shared_frames,
    start,
    switched_on,
)
from lab_bringup.interrupts import uninterrupted
from lab_bringup.launch_arguments import no_others_than
from lab_bringup.launch_guard import guarded
from lab_bringup.named_plugins import by_arguments, by_cell
from lab_bringup.preflight import refuse_the_impossible
from lab_bringup.transport import sends_much, with_small_segment
from lab_description import build_urdf, load_cell
from lab_description.hardware import Driver
from lab_description.urdf import with_massless_root

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
        "detector",
        default_value="",
        description="Detector, by its registered name; empty: as cell or config/nodes.yaml say,"
        " else geometric",
    ),
    DeclareLaunchArgument(
        "grasp_planner",
        default_value="",
        description="Grasp planner, by its registered name; empty: as cell or config/nodes.yaml"
        " say, else auto, which takes antipodal for fingers and suction for a suction cup",
    ),
    DeclareLaunchArgument(
        "planner",
        default_value="",
        description="Motion planner, by its registered name; empty: as cell or config/nodes.yaml"
        " say, else auto, which takes MoveIt where it is installed",
    ),
    DeclareLaunchArgument(
        "grip_sensor",
        default_value="",
        description="What judges whether the hand holds a part, by its registered name; empty: as the YAML of"
        " the cell or config/nodes.yaml says, else the one that the gripper's YAML names",
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
        "order",
        default_value="",
        description="What the cell starts with: a name in config/orders, a YAML file, or a sentence; empty:"
        " it waits for orders",
    ),
    DeclareLaunchArgument(
        "extensions",
        default_value="",
        description="Packages with nodes of yours, separated by commas; docs/extend.md",
    ),
    DeclareLaunchArgument(
        "namespace",
        default_value="",
        description="In front of all names of this cell, so that several share a domain; empty: none",
    ),
    DeclareLaunchArgument(
        "tf",
        default_value="own",
        choices=["own", "shared"],
        description="In a namespace: frames on the namespace's own tf, or on /tf too, with it as a prefix",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value="",
        description="Path of a file of ROS parameters, on top of config/nodes.yaml; empty: none",
    ),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="What the nodes of the cell log at least",
    ),
    DeclareLaunchArgument(
        "approval",
        default_value="false",
        choices=["true", "false"],
        description="Nothing moves before a person has approved the plan; docs/console.md",
    ),
    DeclareLaunchArgument(
        "console",
        default_value="false",
        choices=["true", "false"],
        description="The operator's console in a browser, at the address that the log names",
    ),
    DeclareLaunchArgument(
        "presence",
        default_value="false",
        choices=["true", "false"],
        description="Slow down and stop for who reaches into the work area, by the depth camera; no safety"
        " function, docs/console.md",
    ),
    DeclareLaunchArgument(
        "panels",
        default_value="",
        description="Panels of yours for the console, by their registered names, separated by commas",
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


# Distances from the arm, metres: the camera sees little more than the work area.
PRESENCE_ZONE = {"slow_distance": 0.7, "stop_distance": 0.35}


def robot_description(context: LaunchContext) -> dict[str, Any]:
    """The one URDF that everyone uses, for the tf tree of the cell."""
    cell = load_cell(context.launch_configurations["cell"])
    urdf = build_urdf(cell)
    if context.launch_configurations["sim"] == "gazebo":
        from lab_simulation.gazebo.robot import robot_description as with_controllers

        urdf = with_controllers(cell)
    urdf = with_massless_root(urdf)
    return {"robot_description": ParameterValue(urdf, value_type=str), "publish_frequency": 30.0}


def stop_inputs(context: LaunchContext) -> dict[str, Any]:
    """A robot whose driver knows that it is stopped at its own panel stops the cell; who reaches in, too."""
    presence = {"presence_topic": "presence/distance", **PRESENCE_ZONE}
    return (presence if context.launch_configurations["presence"] == "true" else {}) | {
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


def motion_parameters(context: LaunchContext) -> dict[str, Any]:
    """A real arm starts slowly, and after somebody has said that it may."""
    # of this start of the cell alone, for a motion node that is started anew in it
    file = Path(launch.logging.launch_config.log_dir) / f"placed_{uuid4().hex}.json"
    approval = {"approval": context.launch_configurations["approval"] == "true"}
    hardware = load_cell(context.launch_configurations["cell"]).hardware
    if context.launch_configurations["sim"] != "none" or hardware is None:
        return {**approval, "placed_file": str(file)}
    return {
        **approval,
        "placed_file": str(file),
        "speed": hardware.speed,
        "acceleration": hardware.acceleration,
        "confirm_first": True,
        "first_speed": hardware.first_speed,
        "stamped_goals": not any(driver.scales_time for driver in arm_drivers(context)),
    }


def identity(context: LaunchContext) -> dict[str, Any]:
    """Of this run, also for a task node that is started anew."""
    run = context.launch_configurations["run"]
    return {"run": ParameterValue(uuid4().hex if run == "auto" else run, value_type=str)}


def console_panels(context: LaunchContext) -> dict[str, Any]:
    """Those that are named, above the console's own."""
    named = [name.strip() for name in context.launch_configurations["panels"].split(",") if name.strip()]
    if not named:
        return {}
    from lab_operator.parameters import ConsoleParameters

    return {"panels": list(dict.fromkeys([*named, *ConsoleParameters().panels]))}


# Parameters that follow from the cell, by node; config/graph.yaml says which nodes and launch arguments.
COMPUTED: dict[str, Callable[[LaunchContext], dict[str, Any]]] = {
    "robot_state_publisher": robot_description,
    "stop": stop_inputs,
    "motion": motion_parameters,
    "tasks": identity,
    "operator": console_panels,
}


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The nodes of the cell and of its extensions."""
    cell, graph = described(context)
    sim = context.launch_configurations["sim"]
    managed = {"lifecycle_manager": lambda context: manager_parameters(graph, cell, sim)}
    computed = COMPUTED | managed
    chosen = context.launch_configurations
    small = with_small_segment(context.environment, Path(launch.logging.launch_config.log_dir))
    return [
        start(
            node,
            by_arguments(chosen, node.name) | (computed[node.name](context) if node.name in computed else {}),
            by_cell(cell, node.name),
            chosen["params_file"],
            {} if sends_much(graph, node) else small,
            # a debugger that somebody put before the nodes stays there
            prefix=None if "launch-prefix" in chosen else uninterrupted(node),
        )
        for node in graph.started(sim, switched_on(context))
    ]


def names(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The namespace of all nodes that follow; where the tf tree is shared, who tells it the cell's frames."""
    _, graph = described(context)
    shared = context.launch_configurations["tf"] == "shared"
    frames = [shared_frames(graph, robot_description(context))] if shared else []
    return [*frames, *names_of(graph.namespace)]


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
            OpaqueFunction(function=names),
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
            OpaqueFunction(function=nodes),
        ]
    )
