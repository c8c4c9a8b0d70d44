"""RGB-D images to scenes: support, instances in clutter, boxes, colours, and identities, without ROS."""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_perception.detector import Detector, Instance
    from lab_perception.frame import RgbdFrame, WorkArea
    from lab_perception.perception_parameters import PerceptionParameters
    from lab_perception.pipeline import Perception

__all__ = [
    "Detector",
    "Instance",
    "Perception",
    "PerceptionParameters",
    "RgbdFrame",
    "WorkArea",
]

__getattr__ = opened(
    __name__,
    {
        "Detector": "detector",
        "Instance": "detector",
        "Perception": "pipeline",
        "PerceptionParameters": "perception_parameters",
        "RgbdFrame": "frame",
        "WorkArea": "frame",
    },
)
