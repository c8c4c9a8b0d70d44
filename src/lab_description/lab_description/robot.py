"""The arm: config/robots/NAME.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lab_core.geometry.transforms import FloatArray
from lab_description.schema import Angle
from lab_description.tree import Tree


@dataclass(frozen=True)
class Robot(Tree):
    """An arm, its limits and its named configurations.

    base_link: root of the cell and frame of all that is planned. tool_link: where grippers are mounted.
    configurations: positions of the joints, by name; one is `home`, out of the camera's view of the parts.
    arm_controller, wrench_broadcaster: names of the controllers.
    """

    name: str
    tool_link: str
    configurations: Mapping[str, tuple[Angle, ...]]
    arm_controller: str = "arm_controller"
    wrench_broadcaster: str = "force_torque_sensor_broadcaster"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tool_link not in self.links:
            raise ValueError(f"tool_link: no link '{self.tool_link}'")
        if "home" not in self.configurations:
            raise ValueError("configurations: 'home' is missing")
        for name in self.joint_names:
            if self.joints[name].acceleration == 0.0:
                raise ValueError(f"joints.{name}.acceleration: missing, expected a positive limit")
        for name, positions in self.configurations.items():
            if len(positions) != len(self.joint_names):
                raise ValueError(
                    f"configurations.{name}: {len(positions)} positions for {len(self.joint_names)} joints"
                )
            for joint, position in zip(self.joint_names, positions, strict=True):
                limits = self.joints[joint]
                if not limits.lower <= position <= limits.upper:
                    raise ValueError(
                        f"configurations.{name}: {joint} at {position:g} is outside"
                        f" {limits.lower:g} … {limits.upper:g} rad"
                    )

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The driven joints from base to tool."""
        return self.moving

    @cached_property
    def position_lower(self) -> FloatArray:
        """(N,) radians."""
        return self._limits("lower")

    @cached_property
    def position_upper(self) -> FloatArray:
        """(N,) radians."""
        return self._limits("upper")

    @cached_property
    def velocity(self) -> FloatArray:
        """(N,) largest speed, rad/s."""
        return self._limits("velocity")

    @cached_property
    def acceleration(self) -> FloatArray:
        """(N,) largest acceleration, rad/s²."""
        return self._limits("acceleration")

    @cached_property
    def effort(self) -> FloatArray:
        """(N,) largest torque, N m."""
        return self._limits("effort")

    def configuration(self, name: str) -> FloatArray:
        """(N,) positions of a named configuration.

        Raises KeyError with the names that exist.
        """
        if name not in self.configurations:
            raise KeyError(
                f"robot {self.name} has no configuration '{name}'; it has {', '.join(self.configurations)}"
            )
        return np.array(self.configurations[name])

    @property
    def trajectory_action(self) -> str:
        """Name of the FollowJointTrajectory action."""
        return f"{self.arm_controller}/follow_joint_trajectory"

    @property
    def wrench_topic(self) -> str:
        """Name of the topic of the wrist wrench, in tool_link."""
        return f"{self.wrench_broadcaster}/wrench"

    def _limits(self, key: str) -> FloatArray:
        values = np.array([getattr(self.joints[name], key) for name in self.joint_names])
        values.flags.writeable = False
        return values
