"""The words that all packages share, without ROS: geometry, parts, scenes, grasps, outcome codes, errors."""

from typing import TYPE_CHECKING

from lab_core.door import opened

if TYPE_CHECKING:
    from lab_core.grasp import Grasp
    from lab_core.outcomes import OutcomeCode
    from lab_core.scene import DepthView, Hypothesis, Part, Scene

__all__ = [
    "DepthView",
    "Grasp",
    "Hypothesis",
    "OutcomeCode",
    "Part",
    "Scene",
]

__getattr__ = opened(
    __name__,
    {
        "DepthView": "scene",
        "Grasp": "grasp",
        "Hypothesis": "scene",
        "OutcomeCode": "outcomes",
        "Part": "scene",
        "Scene": "scene",
    },
)
