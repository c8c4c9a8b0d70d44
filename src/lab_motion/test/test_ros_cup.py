"""A suction cup against a node that serves a pump's switch and publishes the pressure behind a lip."""

from __future__ import annotations

import threading
import time

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import FluidPressure
from std_srvs.srv import SetBool

from lab_core.errors import StaleInputError
from lab_description import load_cell
from lab_motion.control.cup import ControlledCup
from lab_motion.errors import GripperFailed
from lab_node.qos import SENSOR

CUP = load_cell("ur5e_suction").end_effector
WAIT = 30.0
# a machine that pauses must not look like a sensor that is silent
MAX_AGE = 5.0


class Pump(Node):
    """`seals`: whether the lip lies on something. `told`: what the switch was told, the newest last."""

    def __init__(self) -> None:
        super().__init__("pump")
        self.seals, self.refuses, self.silent, self.broken = True, False, False, False
        self.vacuum, self.told = 0.0, list[bool]()
        self._pressure = self.create_publisher(FluidPressure, CUP.pressure_topic, SENSOR)
        self.create_service(SetBool, CUP.switch_service, self._switch)
        self.create_timer(0.01, self._tick)

    def _switch(self, request, response):
        response.success = not self.refuses
        response.message = "the air supply is closed" if self.refuses else ""
        if response.success:
            self.told.append(bool(request.data))
        return response

    def _tick(self) -> None:
        on = bool(self.told) and self.told[-1]
        goal = (CUP.vacuum if self.seals else 0.2 * CUP.vacuum) if on else 0.0
        self.vacuum += 0.2 * (goal - self.vacuum)
        message = FluidPressure(fluid_pressure=CUP.air_pressure - self.vacuum)
        if self.broken:
            message.fluid_pressure = float("nan")
        message.header.stamp = self.get_clock().now().to_msg()
        if not self.silent:
            self._pressure.publish(message)


@pytest.fixture
def pump(ros):
    node = Pump()
    yield from spun(node)


@pytest.fixture
def cup(ros):
    node = Node("motion")
    hand = ControlledCup(node, CUP, MAX_AGE)
    for _ in spun(node):
        yield hand


def spun(node):
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield node
    executor.shutdown()
    thread.join(WAIT)
    node.destroy_node()


def until_read(cup):
    deadline, pause = time.monotonic() + WAIT, threading.Event()
    while True:
        try:
            return cup.reading()
        except StaleInputError:
            assert time.monotonic() < deadline, "no pressure came"
            pause.wait(0.01)


def never():
    return False


def test_a_cup_that_seals_has_its_vacuum_and_loses_it(pump, cup):
    cup.take_over()
    until_read(cup)
    assert pump.told == [], "whoever takes over leaves the pump as it is"
    cup.grip(30.0)
    reading = cup.finish(never)
    assert pump.told == [True]
    assert reading.vacuum > 0.6 * CUP.vacuum
    assert reading.force == pytest.approx(reading.vacuum * CUP.lip_area)
    cup.release(0.0, 30.0)
    assert cup.finish(never).vacuum < 0.2 * CUP.vacuum
    assert pump.told == [True, False]


def test_a_cup_that_leaks_is_not_waited_for_longer_than_its_file_says(pump, cup):
    pump.seals = False
    until_read(cup)
    cup.grip(30.0)
    begin = time.monotonic()
    assert cup.finish(never).vacuum < 0.5 * CUP.vacuum
    assert time.monotonic() - begin >= CUP.evacuation_time


def test_a_stop_or_a_cancel_leaves_the_vacuum(pump, cup):
    until_read(cup)
    cup.grip(30.0)
    cup.halt()
    assert cup.finish(lambda: True).vacuum > 0.6 * CUP.vacuum
    assert pump.told == [True]


def test_a_pump_that_refuses_says_why(pump, cup):
    pump.refuses = True
    with pytest.raises(GripperFailed, match="/suction/switch did not turn the pump on: the air supply is"):
        cup.grip(30.0)


def test_a_switch_that_is_away_is_named(cup, monkeypatch):
    monkeypatch.setattr("lab_motion.control.cup.ANSWER", 0.2)
    with pytest.raises(GripperFailed, match="/suction/switch is not there: does the driver of the pump run"):
        cup.take_over()


def refused(hand, words):
    """Whether a reading is refused in these words, some time from now."""
    deadline, pause = time.monotonic() + WAIT, threading.Event()
    while time.monotonic() < deadline:
        try:
            hand.finish(never)
        except StaleInputError as error:
            if words in str(error):
                return True
        pause.wait(0.02)
    return False


def test_a_pressure_that_is_no_number_or_falls_silent_is_not_believed(pump, ros):
    node = Node("motion")
    hand = ControlledCup(node, CUP, 0.2)
    for _ in spun(node):
        until_read(hand)
        pump.broken = True
        assert refused(hand, "the pressure in the cup is nan Pa: is its sensor sound?")
        pump.silent = True
        hand.grip(30.0)
        assert refused(hand, "newest pressure of the cup on /suction/pressure is")
