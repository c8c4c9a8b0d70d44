"""What a simulator answers over ROS, of a node that stands in for it."""

import os
import threading
import time

import pytest
import rclpy
from rclpy.node import Node
from simulation_interfaces.msg import EntityState
from simulation_interfaces.srv import GetEntitiesStates

from lab_console.ros_truth import SERVICE, TruthNode
from lab_console.run_record import Count
from lab_description import load_cell
from lab_node.executor import ExecutorThread

CELL = load_cell("ur5e_table")


@pytest.fixture
def node():
    os.environ["ROS_DOMAIN_ID"] = "81"
    rclpy.init()
    node = Node("test_truth")
    yield node
    rclpy.try_shutdown()


class Simulator:
    """Parts by name: where each is."""

    def __init__(self, node, parts):
        self.parts = parts
        node.create_service(GetEntitiesStates, SERVICE, self._answer)

    def _answer(self, _, response):
        response.entities = list(self.parts)
        for x, y, z in self.parts.values():
            state = EntityState()
            state.pose.position.x, state.pose.position.y, state.pose.position.z = x, y, z
            response.states.append(state)
        return response


def until(condition):
    deadline, pause = time.monotonic() + 60.0, threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.02)


def test_what_lay_there_and_what_is_in_a_destination_in_the_end(node):
    floor = next(iter(CELL.destinations.values())).base_from_floor[:3, 3]
    table = CELL.workspace.lower
    simulator = Simulator(node, {name: tuple(map(float, table)) for name in "abc"})
    truth = TruthNode(node, CELL)
    executor = ExecutorThread(node)
    try:
        until(lambda: truth.at_start == 3)
        inside = (float(floor[0]), float(floor[1]), float(floor[2]) + 0.02)
        simulator.parts = {"a": inside, "b": inside, "c": tuple(map(float, table)), "d": inside}
        assert truth.at_end() == Count(4, 3)
        del simulator.parts["c"]  # one that was taken out lay there all the same
        assert truth.at_end() == Count(4, 3)
    finally:
        executor.close()


def test_without_a_simulator_there_is_no_truth(node):
    truth = TruthNode(node, CELL)
    executor = ExecutorThread(node)
    try:
        assert truth.at_end() is None and truth.at_start is None
    finally:
        executor.close()
