"""A suction cup behind its pump's switch, std_srvs/SetBool, and the pressure behind its lip, FluidPressure.

The methods block and belong in a worker thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from sensor_msgs.msg import FluidPressure
from std_srvs.srv import SetBool

from lab_description import SuctionCup
from lab_motion.control.goal import ANSWER, LOOK, SLOWEST_CLOCK
from lab_motion.conversions import vacuum_below
from lab_motion.errors import GripperFailed
from lab_motion.skills.grip.vacuum import RELEASED_SHARE, VacuumReading
from lab_motion.skills.hardware import Cancelled
from lab_node.actions import wait_for
from lab_node.freshness import Latest
from lab_node.qos import SENSOR

# Share of what the pump reaches at which there is nothing more to wait for.
_FULL_SHARE = 0.9


class ControlledCup:
    """Suction cup; the port is lab_motion.skills.hardware.Hand.

    A vacuum that builds up or goes takes a fraction of a second and cannot be stopped half-way, so that
    nobody would know what is held: it is waited for, also when the caller cancels meanwhile.
    """

    def __init__(self, node: Node, cup: SuctionCup, max_age: float) -> None:
        """max_age: of a pressure, seconds of the cell's clock."""
        self._node, self._cup, self._max_age = node, cup, max_age
        self._switch = node.create_client(SetBool, cup.switch_service)
        self._service = node.resolve_service_name(cup.switch_service)
        topic = node.resolve_topic_name(cup.pressure_topic)
        self._pressure: Latest[FluidPressure] = Latest(f"pressure of the cup on {topic}")
        node.create_subscription(FluidPressure, cup.pressure_topic, self._pressure.put, SENSOR)
        self._settled: Callable[[float], bool] | None = None
        self._within = 0.0

    def reading(self) -> VacuumReading:
        """The vacuum now."""
        now = self._node.get_clock().now()
        vacuum = vacuum_below(self._cup.air_pressure, self._pressure.fresh(now, self._max_age))
        return VacuumReading(vacuum, max(0.0, vacuum) * self._cup.lip_area)

    def take_over(self) -> None:
        """Leave the pump as somebody left it: a part may hang on the cup.

        Raises GripperFailed when the switch is away.
        """
        self._require_switch()

    def halt(self) -> None:
        """Nothing: the part would fall."""

    def grip(self, force: float) -> None:
        """Switch the pump on."""
        full = _FULL_SHARE * self._cup.vacuum
        self._tell(True, lambda vacuum: vacuum >= full, self._cup.evacuation_time)

    def tighten(self, allowed: bool) -> None:
        """Nothing: the pump runs or not."""

    def release(self, opening: float, force: float) -> None:
        """Switch the pump off."""
        free = RELEASED_SHARE * self._cup.vacuum
        self._tell(False, lambda vacuum: vacuum < free, self._cup.release_time)

    def finish(self, cancelled: Cancelled) -> VacuumReading:
        """Wait until the pressure is what it should become, or the time for that is over."""
        settled, self._settled = self._settled, None
        if settled is None:
            return self.reading()
        clock = self._node.get_clock()
        begin, wall = clock.now(), time.monotonic()
        while True:
            self._pressure.wait_for_newer(clock.now(), LOOK)
            reading = self.reading()
            late = (clock.now() - begin).nanoseconds * 1e-9 > self._within
            if settled(reading.vacuum) or late:
                return reading
            if time.monotonic() - wall > ANSWER + SLOWEST_CLOCK * self._within:
                raise GripperFailed(
                    f"the clock of the cell stands: the vacuum of {self._cup.name} cannot be waited for"
                )

    def _tell(self, on: bool, settled: Callable[[float], bool], within: float) -> None:
        """settled: by a vacuum, Pa. within: seconds.

        Raises GripperFailed when the switch is away or refuses, DeadlineError when it is silent.
        """
        self._require_switch()
        name = self._service
        answer = wait_for(self._switch.call_async(SetBool.Request(data=on)), ANSWER, name)
        if not answer.success:
            raise GripperFailed(f"{name} did not turn the pump {'on' if on else 'off'}: {answer.message}")
        self._settled, self._within = settled, within

    def _require_switch(self) -> None:
        if not self._switch.wait_for_service(ANSWER):
            raise GripperFailed(f"{self._service} is not there: does the driver of the pump run?")
