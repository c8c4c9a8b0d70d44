"""The suction cup: config/grippers/NAME.yaml with `type: suction`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from lab_description.end_effector import EndEffector
from lab_description.schema import Quantity, Size


@dataclass(frozen=True)
class SuctionCup(EndEffector):
    """One cup on bellows, and what carries it; all of it rigid but for the bellows.

    The tcp frame has its origin in the middle of the lip, where it touches with the bellows at rest.

    cup_link: the link that ends in the lip. lip_radius: of the circle on which the cup seals, metres.
    lip_give: how far the lip follows a surface that is not flat, from its highest to its lowest point,
    metres.
    stroke: by which the bellows give way along z, metres. tilt: by which they let the lip turn, radians.
    vacuum: that the pump reaches below the air around it, Pa. friction: Coulomb coefficient of the lip on
    parts. switch_service: std_srvs/SetBool that turns the pump on and off. pressure_topic: of the pressure
    behind the lip, sensor_msgs/FluidPressure.
    """

    cup_link: str
    lip_radius: Size
    lip_give: Size
    stroke: Size
    tilt: Annotated[float, Quantity("rad", 0.01, 0.6)]
    vacuum: Annotated[float, Quantity("Pa", 1e3, 1e5)]
    friction: Annotated[float, Quantity("", 0.05, 3.0)]
    switch_service: str = "suction/switch"
    pressure_topic: str = "suction/pressure"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_links("cup_link")
        shapes = self.links[self.cup_link].collision
        if len(shapes) != 1 or shapes[0].cylinder is None or shapes[0].rpy != (0.0, 0.0, 0.0):
            raise ValueError(
                f"links.{self.cup_link}.collision: expected one upright cylinder, which ends in the lip"
            )
        if self.moving:
            raise ValueError(f"joints: a suction cup has no driven joints, but {', '.join(self.moving)} move")
        for name in ("lip_give", "stroke"):
            if getattr(self, name) > 2.0 * self.lip_radius:
                raise ValueError(f"{name}: {getattr(self, name):g} m is more than the lip is wide")

    @property
    def lip_height(self) -> float:
        """Of the lip along z of cup_link, the bellows at rest, metres."""
        shape = self.links[self.cup_link].collision[0]
        assert shape.cylinder is not None
        return shape.xyz[2] + 0.5 * shape.cylinder.length

    @property
    def maximum_force(self) -> float:
        """With which the air presses a part to a cup that seals, N."""
        return float(self.vacuum * np.pi * self.lip_radius**2)
