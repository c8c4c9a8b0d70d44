"""Parameters of the grasp node and what they mean to the core."""

from __future__ import annotations

from dataclasses import dataclass

from lab_description import Cell
from lab_grasping.port import PlannerSettings
from lab_node.parameters import parameter


@dataclass(frozen=True)
class GraspParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "name or path of the cell")
    planner: str = parameter(
        "auto", "grasp planner, by its entry point; auto: the one that the gripper's YAML names"
    )
    seed: int = parameter(0, "decides everything random", minimum=0)
    max_grasps: int = parameter(20, "grasps kept at most", minimum=1, maximum=200)
    tip_margin: float = parameter(
        0.003, "height of the finger tips above the support", unit="m", minimum=0.0, maximum=0.05
    )
    clearance: float = parameter(
        0.003, "distance of the hand from all but the part", unit="m", minimum=0.0, maximum=0.05
    )
    approach_distance: float = parameter(
        0.10, "straight way before the grasp that is checked", unit="m", minimum=0.01, maximum=0.3
    )
    max_scene_age: float = parameter(2.0, "scenes older than this are refused", unit="s", minimum=0.0)
    scene_timeout: float = parameter(
        5.0, "wall time to wait for a scene as new as the goal asks for", unit="s", minimum=0.0, maximum=60.0
    )

    def planner_for(self, cell: Cell) -> str:
        """Name of the grasp planner for the gripper of that cell."""
        return cell.end_effector.grasp_planner if self.planner == "auto" else self.planner

    def settings(self) -> PlannerSettings:
        """What every planner is told."""
        return PlannerSettings(
            self.seed, self.max_grasps, self.tip_margin, self.clearance, self.approach_distance
        )
