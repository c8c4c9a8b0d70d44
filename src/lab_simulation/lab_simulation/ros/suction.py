"""A suction cup over ROS: its pump's switch and the pressure behind its lip."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import FluidPressure
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from lab_description import SuctionCup
from lab_node.qos import RELIABLE
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import SimulationLoop


class SuctionTopics:
    """See HandTopics in ros_publishers.py; serves the switch."""

    def __init__(self, node: Node, loop: SimulationLoop, cup: SuctionCup) -> None:
        self._loop = loop
        self._frame, self._air = cup.tcp_link, cup.air_pressure
        self._pressure = node.create_publisher(FluidPressure, cup.pressure_topic, RELIABLE)
        node.create_service(SetBool, cup.switch_service, self._switch)

    def publish(self, simulation: Simulation, header: Header) -> None:
        """The pressure behind the lip."""
        if self._pressure.get_subscription_count():
            header.frame_id = self._frame
            absolute = self._air - simulation.suction.vacuum
            self._pressure.publish(FluidPressure(header=header, fluid_pressure=absolute))

    def tick(self, simulation: Simulation) -> None:
        """A cup feels no touch."""

    def give_feedback(self, simulation: Simulation) -> None:
        """A switch works on nothing."""

    def _switch(self, request: Any, response: Any) -> Any:
        on = bool(request.data)
        self._loop.ask(lambda simulation: simulation.suction.switch(on))
        response.success, response.message = True, f"the pump is {'on' if on else 'off'}"
        return response
