"""Gazebo in place of a cell: world, robot with its controllers, and the topics that ROS sees of it.

cell.launch.py includes it for sim:=gazebo; alone it is a cell that waits for commands. The controller manager
takes its hardware from /robot_description, which cell.launch.py publishes.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from lab_bringup.launch_arguments import no_others_than
from lab_bringup.launch_guard import guarded
from lab_core.errors import LabError
from lab_description import load_cell

ARGUMENTS = [
    DeclareLaunchArgument("cell", default_value="ur5e_table", description="Cell: a name or a path"),
    DeclareLaunchArgument("scene", default_value="scattered", description="What lies on the table"),
    DeclareLaunchArgument("parts", default_value="0", description="Number of parts; 0: as the scene says"),
    DeclareLaunchArgument("meshes", default_value="", description="Folder to take the parts from"),
    DeclareLaunchArgument("seed", default_value="0", description="Decides the scene"),
    DeclareLaunchArgument(
        "headless",
        default_value="false",
        choices=["true", "false"],
        description="Without a window, rendering by EGL: for CI and remote machines",
    ),
]


def end_if_it_failed(event: ProcessExited, context: LaunchContext) -> None:
    """Without robot or controllers there is no cell."""
    if event.returncode != 0 and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with exit code {event.returncode}: its messages above say why"
        )


def gazebo(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Write the files of this cell and scene, and start what reads them."""
    if find_spec("mujoco") is None:
        raise RuntimeError(
            "Gazebo's parts are laid out by MuJoCo, which no package of ROS has: run ./lab setup"
        )
    # imported here: a machine with a real cell needs no simulator
    from lab_simulation.gazebo.files import clock_drops, scene_of, write_gazebo_files
    from lab_simulation.gazebo.robot import ROBOT, controller_names
    from lab_simulation.gazebo.world import WORLD

    chosen = context.launch_configurations
    try:
        cell = load_cell(chosen["cell"])
        scene = scene_of(cell, chosen["scene"], int(chosen["seed"]), int(chosen["parts"]), chosen["meshes"])
    except LabError as error:
        raise RuntimeError(str(error)) from None
    files = write_gazebo_files(cell, scene, Path(tempfile.mkdtemp(prefix="lab_gazebo_")))
    window = "-s --headless-rendering " if chosen["headless"] == "true" else ""
    simulator = PathJoinSubstitution([FindPackageShare("ros_gz_sim"), "launch", "gz_sim.launch.py"])

    def ended(event: ProcessExited, context: LaunchContext) -> None:
        """Gazebo's launch file would end everything as if all were well."""
        if any(str(files.world) in word for word in event.cmd) and not context.is_shutdown:
            raise RuntimeError(
                f"Gazebo has ended with exit code {event.returncode}, and the cell with it:"
                " its messages above say why, if nobody closed it"
            )

    return [
        RegisterEventHandler(OnProcessExit(on_exit=ended)),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(simulator),
            launch_arguments={"gz_args": f"-r {window}{files.world}", "on_exit_shutdown": "true"}.items(),
        ),
        Node(
            package="ros_gz_sim",
            executable="create",
            arguments=["-world", WORLD, "-name", ROBOT, "-file", str(files.robot)],
            on_exit=end_if_it_failed,
        ),
        Node(
            package="ros_gz_bridge",
            executable="parameter_bridge",
            parameters=[{"config_file": str(files.bridges)}],
        ),
        # Gazebo tells the time at each of its steps, 1000 times a second: rclpy alone would fill the cores
        Node(package="topic_tools", executable="drop", name="clock_drop", arguments=clock_drops()),
        Node(
            package="controller_manager",
            executable="spawner",
            arguments=[
                *controller_names(cell),
                "--param-file",
                str(files.controllers),
                "--controller-manager-timeout",
                "60",
            ],
            on_exit=end_if_it_failed,
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    """Launch description of the simulated cell."""
    return LaunchDescription(
        [
            *ARGUMENTS,
            no_others_than(ARGUMENTS, __file__),
            OpaqueFunction(function=guarded),
            OpaqueFunction(function=gazebo),
        ]
    )
