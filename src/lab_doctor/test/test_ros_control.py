"""What the doctor hears of a stop node, and asks controller managers."""

import math
import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
import rclpy
from lab_interfaces.msg import StopState
from rclpy.node import Node
from std_msgs.msg import Bool

from lab_description.graph import stack_nodes
from lab_doctor.ros_control import controller_questions, controllers_of
from lab_doctor.ros_graph import Examiner
from lab_doctor.snapshot import Configuration, Controller
from lab_node.executor import ExecutorThread
from lab_node.permit import STOP_STATE
from lab_node.qos import LATCHED, SENSOR

STACK = Configuration("ur5e_table", None, nodes=stack_nodes())
SERVICES = {
    "/controller_manager/list_controllers": ("controller_manager_msgs/srv/ListControllers",),
    "/gripper/controller_manager/list_controllers": ("controller_manager_msgs/srv/ListControllers",),
    "/other/list_controllers": ("other_msgs/srv/ListControllers",),
}


@pytest.fixture
def stop_node(monkeypatch):
    """A node that has the name, parameters and output of the stop node; one of its inputs is not there."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "76")
    rclpy.init()
    node = Node("stop")
    node.declare_parameter("hardware_topic", "/estop")
    node.declare_parameter("presence_topic", "/scanner")
    node.declare_parameter("running_topic", "/running")
    node.declare_parameter("input_timeout", 0.4)
    kept = node.create_publisher(Bool, "/running", LATCHED)
    kept.publish(Bool(data=True))
    state, button = (
        node.create_publisher(StopState, STOP_STATE, LATCHED),
        node.create_publisher(Bool, "/estop", SENSOR),
    )

    def tell():
        state.publish(StopState(stopped=True, reason="the input /estop asks to stop"))
        button.publish(Bool(data=True))

    node.create_timer(0.05, tell)
    executor = ExecutorThread(node)
    yield node
    executor.close()
    node.destroy_node()
    rclpy.try_shutdown()


def test_the_stop_node_and_its_inputs_are_heard(stop_node):
    examiner = Examiner(STACK.nodes)
    try:
        assert examiner.present(60.0)
        stop = examiner.graph(STACK, 2.0, ()).stop
    finally:
        examiner.close()
    assert (stop.said, stop.stopped, stop.reason) == (True, True, "the input /estop asks to stop")
    button, scanner, program = stop.inputs
    assert (button.parameter, button.topic, button.kind) == ("hardware_topic", "/estop", "std_msgs/msg/Bool")
    assert button.silence is not None and button.limit == 0.4
    assert (scanner.topic, scanner.kind, scanner.silence) == ("/scanner", "sensor_msgs/msg/Range", None)
    assert program.silence is not None and program.limit == math.inf, "told once"


def test_nodes_of_one_name_in_different_namespaces_are_not_one_twice(stop_node):
    """As robot_state_publisher and controller_manager of a real cell."""
    others = [Node("robot_state_publisher", namespace=name) for name in ("surroundings", "gripper")]
    wanted = {"stop", "surroundings/robot_state_publisher", "gripper/robot_state_publisher"}
    examiner = Examiner(STACK.nodes)
    try:
        deadline = time.monotonic() + 60.0
        while not wanted <= set(examiner._names()):
            assert time.monotonic() < deadline, examiner._names()
            examiner.spin(0.1)
        graph = examiner.graph(STACK, 0.5, ())
    finally:
        examiner.close()
        for node in others:
            node.destroy_node()
    names = [node.name for node in graph.nodes]
    assert "robot_state_publisher" not in names
    assert [names.count(name) for name in wanted] == [1, 1, 1]
    assert not wanted & set(graph.strangers)


def test_every_controller_manager_is_asked_where_ros2_control_is_installed(monkeypatch):
    services = ModuleType("controller_manager_msgs.srv")
    services.ListControllers = SimpleNamespace(Request=lambda: "all of them")
    monkeypatch.setitem(sys.modules, "controller_manager_msgs", ModuleType("controller_manager_msgs"))
    monkeypatch.setitem(sys.modules, "controller_manager_msgs.srv", services)
    asked = controller_questions(SERVICES)
    assert {name: (service, request) for name, (_, service, request) in asked.items()} == {
        "/controller_manager": ("controller_manager/list_controllers", "all of them"),
        "/gripper/controller_manager": ("gripper/controller_manager/list_controllers", "all of them"),
    }
    answer = SimpleNamespace(controller=[SimpleNamespace(name="arm_controller", state="inactive")])
    assert controllers_of("/controller_manager", answer) == [
        Controller("arm_controller", "inactive", "/controller_manager")
    ]


def test_without_ros2_control_nobody_is_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "controller_manager_msgs.srv", None)
    assert controller_questions(SERVICES) == {}
