"""Parameters of the grasp node and what they mean to the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab_core.parameters import parameter, plugin_parameters
from lab_description import Cell
from lab_grasping.port import GRASP_PLANNERS, PlannerSettings


@dataclass(frozen=True)
class GraspParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    planner: str = parameter(
        "auto",
        "The grasp planner: a name that is registered in lab_grasping.planners. auto takes the"
        " one that the YAML of the gripper names.",
        port=GRASP_PLANNERS,
    )
    seed: int = parameter(0, "The seed of all random numbers.", minimum=0)
    max_grasps: int = parameter(20, "The largest number of grasps of a plan.", minimum=1, maximum=200)
    tip_margin: float = parameter(
        0.003, "The finger tips stay this high above the table.", unit="m", minimum=0.0, maximum=0.05
    )
    clearance: float = parameter(
        0.003,
        "The hand keeps this distance from everything but the part.",
        unit="m",
        minimum=0.0,
        maximum=0.05,
    )
    approach_distance: float = parameter(
        0.10,
        "The straight motion to the grasp is checked over this distance.",
        unit="m",
        minimum=0.01,
        maximum=0.3,
    )
    max_scene_age: float = parameter(
        2.0, "Scenes that are older are refused.", unit="s", minimum=0.0, live=True
    )
    scene_timeout: float = parameter(
        5.0,
        "The longest wall time to wait for a scene that is as new as the goal asks for.",
        unit="s",
        minimum=0.0,
        maximum=60.0,
        live=True,
    )
    plugins: dict[str, Any] = plugin_parameters()

    def planner_for(self, cell: Cell) -> str:
        """Name of the grasp planner for the gripper of that cell."""
        return cell.end_effector.grasp_planner if self.planner == "auto" else self.planner

    def settings(self, miss: float = 0.0) -> PlannerSettings:
        """What every planner is told.

        miss: how far the hand may miss what the camera sees, metres. All distances grow by it: what they are
        without it is needed for the noise of the depth and the steps of the search.
        """
        return PlannerSettings(
            self.seed,
            self.max_grasps,
            self.tip_margin + miss,
            self.clearance + miss,
            self.approach_distance + miss,
            miss,
        )
