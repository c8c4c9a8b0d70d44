"""Parameters of the perception node and what they mean to the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab_core.parameters import parameter, plugin_parameters
from lab_description import Cell
from lab_perception.detector import DETECTORS
from lab_perception.frame import WorkArea
from lab_perception.objects import ObjectSettings
from lab_perception.pipeline import Settings
from lab_perception.support import SupportSettings
from lab_perception.surface import SurfaceSettings
from lab_perception.tracking import TrackingSettings


@dataclass(frozen=True)
class PerceptionParameters:
    """Parameters of the node."""

    cell: str = parameter("ur5e_table", "name or path of the cell")
    detector: str = parameter(
        "geometric", "The detector: a name that is registered in lab_perception.detectors.", port=DETECTORS
    )
    area_margin: float = parameter(
        0.06, "width around the work area that is looked at too", unit="m", minimum=0.0, maximum=0.5
    )
    support_tolerance: float = parameter(
        0.02, "distance of the real support from its configured height", unit="m", minimum=0.002, maximum=0.1
    )
    min_height: float = parameter(
        0.003, "lower things are taken for the support", unit="m", minimum=0.001, maximum=0.05
    )
    voxel: float = parameter(
        0.002, "distance of the points of a segment", unit="m", minimum=0.0005, maximum=0.02
    )
    max_points: int = parameter(2000, "most points of a segment", minimum=50, maximum=20000)
    track_memory: float = parameter(
        3.0,
        "how long an unseen part that the robot does not hide keeps its identity",
        unit="s",
        minimum=0.0,
        maximum=600.0,
    )
    depth_averaging: int = parameter(
        1, "images that depth is averaged over while nothing moves; 1: none", minimum=1, maximum=32
    )
    robot_mask: bool = parameter(True, "leave the robot out of the image, by /joint_states")
    robot_padding: float = parameter(
        0.012, "how much larger than its shapes the robot is taken", unit="m", minimum=0.0, maximum=0.1
    )
    joint_state_wait: float = parameter(
        0.1, "wall time to wait for the joint state of an image's instant", unit="s", minimum=0.0, maximum=2.0
    )
    camera_moves: bool = parameter(False, "the camera's pose changes: listen to /tf, not to /tf_static alone")
    silence_limit: float = parameter(
        2.0, "time without images until the camera is called silent", unit="s", minimum=0.1, maximum=60.0
    )
    plugins: dict[str, Any] = plugin_parameters()

    def work_area(self, cell: Cell) -> WorkArea:
        """Where parts may lie in that cell."""
        return WorkArea(cell.workspace.lower, cell.workspace.upper, cell.table_height, self.area_margin)

    def settings(self, cell: Cell) -> Settings:
        """Of all steps, for the camera of that cell."""
        noise = cell.camera.noise
        return Settings(
            support=SupportSettings(height_tolerance=self.support_tolerance),
            surface=SurfaceSettings(
                baseline=noise.baseline,
                disparity_noise=max(noise.subpixel, 0.02),
                min_height=self.min_height,
            ),
            objects=ObjectSettings(voxel=self.voxel, max_points=self.max_points),
            tracking=TrackingSettings(memory=self.track_memory),
            depth_averaging=self.depth_averaging,
        )
