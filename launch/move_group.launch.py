"""MoveIt's own move_group and RViz for a cell, with the configuration that our planner uses too.

For people who want to plan by hand; pick and place needs neither.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from lab_bringup.launch_arguments import no_others_than
from lab_bringup.launch_guard import guarded
from lab_bringup.ros_packages import refuse_missing
from lab_core.errors import LabError
from lab_description import load_cell
from lab_motion.planning.moveit.configuration import move_group_parameters

# What is started or loaded, and for RViz beside it.
MOVE_GROUP = ("moveit_ros_move_group", "moveit_simple_controller_manager")
RVIZ = ("rviz2", "moveit_ros_visualization")

ARGUMENTS = [
    DeclareLaunchArgument("cell", default_value="ur5e_table", description="Cell: a name or a path"),
    DeclareLaunchArgument(
        "rviz", default_value="true", choices=["true", "false"], description="Start RViz as well"
    ),
    DeclareLaunchArgument(
        "use_sim_time", default_value="false", choices=["true", "false"], description="The clock is simulated"
    ),
]


def move_group(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """move_group, and RViz with the same parameters."""
    rviz = RVIZ if context.launch_configurations["rviz"] == "true" else ()
    refuse_missing([*MOVE_GROUP, *rviz], "move_group.launch.py needs MoveIt")
    try:
        parameters = move_group_parameters(load_cell(context.launch_configurations["cell"]))
    except LabError as error:
        raise RuntimeError(str(error)) from None
    parameters["use_sim_time"] = context.launch_configurations["use_sim_time"] == "true"
    return [
        Node(package="moveit_ros_move_group", executable="move_group", parameters=[parameters]),
        Node(
            package="rviz2",
            executable="rviz2",
            parameters=[parameters],
            condition=IfCondition(LaunchConfiguration("rviz")),
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    """Launch description of MoveIt."""
    return LaunchDescription(
        [
            *ARGUMENTS,
            no_others_than(ARGUMENTS, __file__),
            OpaqueFunction(function=guarded),
            OpaqueFunction(function=move_group),
        ]
    )
