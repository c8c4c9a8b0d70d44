"""The geometry of a suction cup, as the planner needs it.

The frame is `tcp`: origin in the middle of the lip with the bellows at rest, +z the approach direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_grasping.errors import InvalidGripper


@dataclass(frozen=True, slots=True)
class SuctionGripper:
    """A round lip on bellows, and everything rigid behind it.

    lip_radius: of the circle that seals. lip_give: how far the lip follows a surface, from its highest to its
    lowest point. stroke: by which the bellows give way. boxes: (K, 2, 3) lower and upper corner of each box
    of the hand, in `tcp`. All in metres.
    """

    name: str
    lip_radius: float
    lip_give: float
    stroke: float
    boxes: FloatArray

    def __post_init__(self) -> None:
        for label in ("lip_radius", "lip_give", "stroke"):
            value = getattr(self, label)
            if not 0.0 < value <= 0.2:
                raise InvalidGripper(f"{self.name}: {label} {value} m must be positive and at most 0.2 m")
        if self.boxes.shape != (len(self.boxes), 2, 3) or len(self.boxes) == 0:
            raise InvalidGripper(f"{self.name}: hand boxes of shape {self.boxes.shape}, expected (K, 2, 3)")
        if not np.all(np.isfinite(self.boxes)) or np.any(self.boxes[:, 1] <= self.boxes[:, 0]):
            raise InvalidGripper(f"{self.name}: a box of the hand has no volume")

    @property
    def behind_bellows(self) -> FloatArray:
        """The boxes (L, 2, 3) without what ends less than the stroke and the give behind the lip.

        That much of the cup may stand in the part: the lip follows it, the bellows give way.
        """
        boxes = self.boxes.copy()
        boxes[:, 1, 2] = np.minimum(boxes[:, 1, 2], -self.stroke - self.lip_give)
        kept: FloatArray = boxes[boxes[:, 0, 2] < boxes[:, 1, 2]]
        return kept
