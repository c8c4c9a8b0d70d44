"""The suction cup: config/grippers/NAME.yaml with `type: suction`."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    parts. air_pressure: around the cell, Pa; 1.2 % less for every 100 m above the sea. evacuation_time: in
    which the pump empties a cup that seals, release_time: in which the pressure is back when it is switched
    off, seconds. switch_service: std_srvs/SetBool that turns the pump on and off. pressure_topic: of the
    pressure behind the lip, sensor_msgs/FluidPressure, absolute.
    """

    cup_link: str
    lip_radius: Size
    lip_give: Size
    stroke: Size
    tilt: Annotated[float, Quantity("rad", 0.01, 0.6)]
    vacuum: Annotated[float, Quantity("Pa", 1e3, 1e5)]
    friction: Annotated[float, Quantity("", 0.05, 3.0)]
    air_pressure: Annotated[float, Quantity("Pa", 5e4, 1.1e5)] = 101_325.0
    evacuation_time: Annotated[float, Quantity("s", 0.02, 5.0)] = 0.4
    release_time: Annotated[float, Quantity("s", 0.02, 5.0)] = 0.3
    switch_service: str = "suction/switch"
    pressure_topic: str = "suction/pressure"
    grasp_planner: str = field(default="suction", kw_only=True)
    grip_sensor: str = field(default="vacuum", kw_only=True)

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
        if self.vacuum >= self.air_pressure:
            raise ValueError(
                f"vacuum: {self.vacuum:g} Pa below the air around it, which has {self.air_pressure:g} Pa:"
                " no pump reaches that"
            )

    @property
    def lip_height(self) -> float:
        """Of the lip along z of cup_link, the bellows at rest, metres."""
        shape = self.links[self.cup_link].collision[0]
        assert shape.cylinder is not None
        return shape.xyz[2] + 0.5 * shape.cylinder.length

    @property
    def turns(self) -> tuple[float, ...]:
        """It is round: any would do, four leave the arm a choice."""
        return (0.0, 0.5 * np.pi, np.pi, 1.5 * np.pi)

    @property
    def topics(self) -> dict[str, str]:
        """The pressure behind the lip."""
        return {self.pressure_topic: "sensor_msgs/msg/FluidPressure"}

    @property
    def services(self) -> dict[str, str]:
        """The pump's switch."""
        return {self.switch_service: "std_srvs/srv/SetBool"}

    @property
    def lip_area(self) -> float:
        """Within the circle on which it seals, m²."""
        return float(np.pi * self.lip_radius**2)

    def holding_force(self, wanted: float) -> float:
        """The pump's, whatever is wanted: it is on or off."""
        return self.maximum_force

    @property
    def maximum_force(self) -> float:
        """With which the air presses a part to a cup that seals, N."""
        return self.vacuum * self.lip_area
