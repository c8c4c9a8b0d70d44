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

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    detector: str = parameter(
        "geometric", "The detector: a name that is registered in lab_perception.detectors.", port=DETECTORS
    )
    area_margin: float = parameter(
        0.06,
        "The camera looks at the work area and at a border of this width.",
        unit="m",
        minimum=0.0,
        maximum=0.5,
    )
    support_tolerance: float = parameter(
        0.02,
        "How far the table may be from the height that the cell's YAML gives.",
        unit="m",
        minimum=0.002,
        maximum=0.1,
    )
    min_height: float = parameter(
        0.003, "What is lower than this belongs to the table.", unit="m", minimum=0.001, maximum=0.05
    )
    voxel: float = parameter(
        0.002,
        "The distance between two points of a part's point segment.",
        unit="m",
        minimum=0.0005,
        maximum=0.02,
    )
    max_points: int = parameter(
        2000, "The largest number of points of a part's point segment.", minimum=50, maximum=20000
    )
    track_memory: float = parameter(
        3.0,
        "A part that is not seen, and that the robot does not hide, keeps its identity for this time.",
        unit="s",
        minimum=0.0,
        maximum=600.0,
    )
    depth_averaging: int = parameter(
        1,
        "The number of images over which depth is averaged while nothing moves. 1: no averaging.",
        minimum=1,
        maximum=32,
    )
    max_pixels: int = parameter(
        480_000,
        "Where the work area fills more pixels than this, the image is worked on at half its size. Raise it"
        " for small parts under a large camera; it costs time.",
        minimum=20_000,
        maximum=20_000_000,
    )
    robot_mask: bool = parameter(
        True, "The robot is left out of the image. Its pose comes from /joint_states."
    )
    robot_padding: float = parameter(
        0.012,
        "The robot is taken to be larger than its shapes by this.",
        unit="m",
        minimum=0.0,
        maximum=0.1,
    )
    joint_state_wait: float = parameter(
        0.1,
        "The longest wall time to wait for the joint state at the time of an image.",
        unit="s",
        minimum=0.0,
        maximum=2.0,
        live=True,
    )
    camera_moves: bool = parameter(
        False, "The camera moves: its pose comes from /tf and /tf_static, not from /tf_static alone."
    )
    silence_limit: float = parameter(
        2.0,
        "The camera is reported as silent after this time without images.",
        unit="s",
        minimum=0.1,
        maximum=60.0,
        live=True,
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
            max_pixels=self.max_pixels,
        )
