"""MoveIt's configuration of a cell: what moveit_py and move_group are given, made from the cell alone.

`ros2 run lab_motion write_moveit_config CELL FOLDER` writes it as the files that MoveIt's own tools know.
Names and types are those of MoveIt 2.12 (Jazzy) and later.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError, LabError
from lab_description import Cell, build_srdf, build_urdf, load_cell
from lab_description.gripper import Gripper
from lab_description.srdf import ARM_GROUP
from lab_description.urdf import with_massless_root

OMPL = "ompl"
PILZ = "pilz_industrial_motion_planner"
# Namespaces of the requests that MoveItPlanner makes.
DIRECT_REQUEST, SEARCH_REQUEST, STRAIGHT_REQUEST = "direct", "search", "straight"
# One search; a cancel is heard between two of them, seconds.
SEARCH_TIME = 0.1
# Sum over the joints of what they move between two states that OMPL checks, radians (metres).
_CHECKED_STEP = 0.06
# Of the tool, for LIN: m/s, m/s², rad/s.
_TOOL_SPEED, _TOOL_ACCELERATION, _TOOL_TURN = 1.0, 5.0, 2.0
# A gripper's joint has no limit of acceleration in its YAML: full speed after this time, seconds.
_GRIPPER_RISE = 0.1

# MoveIt loads these when it runs, and goes on half able without them: package and what it gives.
PLUGINS = {
    "moveit_planners_ompl": "ompl_interface/OMPLPlanner",
    "pilz_industrial_motion_planner": "pilz_industrial_motion_planner/CommandPlanner",
    "moveit_kinematics": "kdl_kinematics_plugin/KDLKinematicsPlugin",
    "moveit_ros_planning": "default_planning_request_adapters",
    "moveit_simple_controller_manager": "moveit_simple_controller_manager/MoveItSimpleControllerManager",
}

# Copied wherever they are used: what occurs twice is written as a YAML alias, which rcl refuses.
_CHECKS = [
    "default_planning_request_adapters/ResolveConstraintFrames",
    "default_planning_request_adapters/CheckStartStateBounds",
    "default_planning_request_adapters/CheckStartStateCollision",
]
_VALIDATE = [
    "default_planning_response_adapters/ValidateSolution",
    "default_planning_response_adapters/DisplayMotionPath",
]

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """How OMPL searches. planner: of OMPL's geometric planners. time: of one search, seconds."""

    planner: str = "RRTConnect"
    time: float = SEARCH_TIME

    @property
    def configuration(self) -> str:
        """Name of its configuration."""
        return f"{self.planner}kConfigDefault"


DEFAULT_SEARCH = Search()


def require_plugins() -> None:
    """Raises ConfigurationError that names the package that MoveIt lacks."""
    for package, plugin in PLUGINS.items():
        try:
            get_package_prefix(package)
        except PackageNotFoundError:
            raise ConfigurationError(
                f"MoveIt is installed without {plugin}: install {package}"
                f" (ros-<distribution>-{package.replace('_', '-')}), or use planner:=embedded"
            ) from None


def moveit_files(cell: Cell, search: Search = DEFAULT_SEARCH) -> dict[str, Parameters]:
    """ROS parameters by the name of the file that MoveIt's tools keep them in."""
    return {
        "kinematics.yaml": {"robot_description_kinematics": {ARM_GROUP: _kinematics()}},
        "joint_limits.yaml": {"robot_description_planning": {"joint_limits": _joint_limits(cell)}},
        "pilz_cartesian_limits.yaml": {
            "robot_description_planning": {"cartesian_limits": _cartesian_limits()}
        },
        "ompl_planning.yaml": {OMPL: _ompl(cell, search)},
        "pilz_industrial_motion_planner_planning.yaml": {PILZ: _pilz()},
        "moveit_controllers.yaml": _controllers(cell),
        "sensors_3d.yaml": _octomap(),
        "moveit_cpp.yaml": _moveit_cpp(search),
    }


def moveit_parameters(cell: Cell, search: Search = DEFAULT_SEARCH) -> Parameters:
    """Parameters of one MoveItPy: everything that it needs, in nested plain values.

    Raises ConfigurationError when the cell's collision matrix is malformed.
    """
    return _merged(_robot(cell), *moveit_files(cell, search).values())


def parameter_file(node: str, parameters: Parameters) -> str:
    """Text of a ROS parameter file for the node with this full name."""
    return yaml.safe_dump({node: {"ros__parameters": parameters}}, sort_keys=False, default_flow_style=False)


def move_group_parameters(cell: Cell) -> Parameters:
    """The same for move_group and RViz, which name their pipelines in another way."""
    pipelines = {"planning_pipelines": [OMPL, PILZ], "default_planning_pipeline": OMPL}
    files = {name: content for name, content in moveit_files(cell).items() if name != "moveit_cpp.yaml"}
    return _merged(_robot(cell), *files.values(), pipelines)


def write_moveit_config(cell: Cell, folder: Path) -> list[Path]:
    """Writes URDF, SRDF and the YAML files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    described = _robot(cell)
    texts = {
        "robot.urdf": described["robot_description"],
        "robot.srdf": described["robot_description_semantic"],
    }
    for name, content in moveit_files(cell).items():
        texts[name] = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=110)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _robot(cell: Cell) -> Parameters:
    return {
        "robot_description": with_massless_root(build_urdf(cell)),
        "robot_description_semantic": build_srdf(cell),
    }


def _kinematics() -> Parameters:
    return {
        "kinematics_solver": "kdl_kinematics_plugin/KDLKinematicsPlugin",
        "kinematics_solver_search_resolution": 0.005,
        "kinematics_solver_timeout": 0.05,
    }


def _joint_limits(cell: Cell) -> Parameters:
    robot, effector = cell.robot, cell.end_effector
    limits = {
        name: _limit(velocity, acceleration)
        for name, velocity, acceleration in zip(
            robot.joint_names, robot.velocity.tolist(), robot.acceleration.tolist(), strict=True
        )
    }
    driven = {name: effector.joints[name].velocity for name in effector.moving}
    return limits | {name: _limit(speed, speed / _GRIPPER_RISE) for name, speed in driven.items()}


def _limit(velocity: float, acceleration: float) -> Parameters:
    return {
        "has_velocity_limits": True,
        "max_velocity": velocity,
        "has_acceleration_limits": True,
        "max_acceleration": acceleration,
    }


def _cartesian_limits() -> Parameters:
    return {
        "max_trans_vel": _TOOL_SPEED,
        "max_trans_acc": _TOOL_ACCELERATION,
        "max_trans_dec": -_TOOL_ACCELERATION,
        "max_rot_vel": _TOOL_TURN,
    }


def _ompl(cell: Cell, search: Search) -> Parameters:
    robot = cell.robot
    extent = float((robot.position_upper - robot.position_lower).sum())
    return {
        "planning_plugins": ["ompl_interface/OMPLPlanner"],
        "request_adapters": [*_CHECKS],
        "response_adapters": [
            "default_planning_response_adapters/AddTimeOptimalParameterization",
            *_VALIDATE,
        ],
        "planner_configs": {search.configuration: _planner_config(search)},
        ARM_GROUP: {
            "planner_configs": [search.configuration],
            "longest_valid_segment_fraction": round(_CHECKED_STEP / extent, 6),
        },
    }


def _planner_config(search: Search) -> Parameters:
    # PRM alone of them has no range
    return {"type": f"geometric::{search.planner}"} | ({} if search.planner == "PRM" else {"range": 0.0})


def _pilz() -> Parameters:
    return {
        "planning_plugins": ["pilz_industrial_motion_planner/CommandPlanner"],
        "default_planner_config": "PTP",
        "request_adapters": [*_CHECKS],
        "response_adapters": [*_VALIDATE],
        "capabilities": "pilz_industrial_motion_planner/MoveGroupSequenceAction"
        " pilz_industrial_motion_planner/MoveGroupSequenceService",
    }


def _controllers(cell: Cell) -> Parameters:
    """For move_group's users. MoveItPlanner carries nothing out through MoveIt, which complains without them.

    The gripper's has a type from MoveIt 2.12.2 on, and closes as hard as its controller does when not told.
    """
    arm, effector = cell.robot.arm_controller, cell.end_effector
    controllers = {
        arm: {
            "type": "FollowJointTrajectory",
            "action_ns": "follow_joint_trajectory",
            "default": True,
            "joints": list(cell.robot.joint_names),
        }
    }
    if isinstance(effector, Gripper):
        controllers[effector.gripper_controller] = {
            "type": "ParallelGripperCommand",
            "action_ns": "gripper_cmd",
            "default": True,
            "joints": [effector.joint],
        }
    return {
        "moveit_controller_manager": "moveit_simple_controller_manager/MoveItSimpleControllerManager",
        "moveit_simple_controller_manager": {"controller_names": list(controllers), **controllers},
        "trajectory_execution": {
            "allowed_execution_duration_scaling": 1.2,
            "allowed_goal_duration_margin": 0.5,
            "allowed_start_tolerance": 0.01,
        },
    }


def _octomap() -> Parameters:
    """That there is none: MoveIt starts its monitor in any case, and complains of what is not named.

    A sensor with an empty plug-in is MoveIt's way to say that no sensor fills it.
    """
    return {
        "octomap_resolution": 0.05,
        "sensors": ["no_sensor"],
        "no_sensor": {"sensor_plugin": ""},
    }


def _moveit_cpp(search: Search) -> Parameters:
    """Topics are not among them: MoveIt reads none of their names, see ros_moveit.py."""

    def request(pipeline: str, planner: str, seconds: float, share: float) -> Parameters:
        # Paths are timed by us: MoveIt's own times only decide how dense its samples are, one each 0.1 s.
        return {
            "plan_request_params": {
                "planning_pipeline": pipeline,
                "planner_id": planner,
                "planning_attempts": 1,
                "planning_time": seconds,
                "max_velocity_scaling_factor": share,
                "max_acceleration_scaling_factor": share,
            }
        }

    return {
        "planning_scene_monitor_options": {
            "name": "planning_scene_monitor",
            "robot_description": "robot_description",
            "wait_for_initial_state_timeout": 0.0,
        },
        "planning_pipelines": {"pipeline_names": [OMPL, PILZ]},
        DIRECT_REQUEST: request(PILZ, "PTP", 1.0, 0.1),
        SEARCH_REQUEST: request(OMPL, search.configuration, search.time, 0.1),
        STRAIGHT_REQUEST: request(PILZ, "LIN", 1.0, 0.05),
    }


def _merged(*parts: Parameters) -> Parameters:
    """All keys of all parts; what several of them hold is merged in the same way."""
    whole: Parameters = {}
    for part in parts:
        for key, value in part.items():
            whole[key] = _merged(whole[key], value) if isinstance(whole.get(key), dict) else value
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0, or 2 with one sentence on what is wrong."""
    parser = argparse.ArgumentParser(description="Write MoveIt's configuration of a cell.")
    parser.add_argument("cell", help="name of a cell in config/cells, or path of its YAML")
    parser.add_argument("folder", type=file_path, help="where the files go; made if there is none")
    options = parser.parse_args(arguments)
    try:
        for path in write_moveit_config(load_cell(options.cell), options.folder):
            print(path)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
