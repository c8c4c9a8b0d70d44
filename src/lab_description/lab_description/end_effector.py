"""What an arm carries: fingers or a suction cup, with a frame `tcp` where it takes hold.

Whoever needs to know what a hand can do, or what it says to ROS, asks here and not for its type.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lab_core.geometry.transforms import FloatArray
from lab_description.tree import Tree


@dataclass(frozen=True)
class EndEffector(Tree):
    """What grippers of all types have in common.

    base_link: mounted on the arm. tcp_link: frame fixed to it, +z out of it, along which it approaches.
    grasp_planner: name of the planner that finds grasps for it. grip_sensor: name of what judges from its
    readings whether it holds something. Both are entry points, see docs/add_a_robot.md.
    """

    name: str
    tcp_link: str
    grasp_planner: str = field(default="", kw_only=True)
    grip_sensor: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_links("tcp_link")

    @property
    def maximum_opening(self) -> float:
        """Largest distance of the fingers, metres; 0 without fingers."""
        return 0.0

    @property
    def feels_touch(self) -> bool:
        """Whether it has tactile pads, by which it grips."""
        return False

    @property
    def turns(self) -> tuple[float, ...]:
        """Turns about its approach after which it can take the same hold, radians; the first one is 0."""
        return (0.0, math.pi)

    @property
    def mimic_joints(self) -> dict[str, tuple[float, float]]:
        """Multiplier and offset of each joint that follows a driven one."""
        return {
            n: (j.mimic.multiplier, j.mimic.offset) for n, j in self.joints.items() if j.mimic is not None
        }

    @property
    def reported_joints(self) -> tuple[str, ...]:
        """Those that have to be on /joint_states."""
        return ()

    @property
    def topics(self) -> dict[str, str]:
        """What it publishes beside its joints: type by name of the topic."""
        return {}

    @property
    def actions(self) -> dict[str, str]:
        """What moves it: type by name of the action."""
        return {}

    @property
    def services(self) -> dict[str, str]:
        """What switches it: type by name of the service."""
        return {}

    def joints_at(self, opening: float) -> dict[str, float]:
        """Positions of all its joints with the fingers so far apart, metres; empty without fingers."""
        return {}

    def opening_at(self, reported: FloatArray) -> float:
        """Distance of the fingers, metres, at positions (R,) of the reported joints; 0 without fingers."""
        return 0.0

    def holding_force(self, wanted: float) -> float:
        """With how much force it holds when it is asked for so much, N."""
        return wanted

    def require_links(self, *keys: str) -> None:
        """Raises ValueError when a field of these names is not the name of a link."""
        for key in keys:
            if getattr(self, key) not in self.links:
                raise ValueError(f"{key}: no link '{getattr(self, key)}'; links are {', '.join(self.links)}")
