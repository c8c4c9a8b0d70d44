"""The order in which nodes come up, and what happens when one does not."""

import threading
from dataclasses import dataclass

import pytest
import rclpy
from lab_bringup.lifecycle_manager import LifecycleManager
from lab_node.errors import ConfigurationError, UnavailableError
from lab_node.lifecycle import LabNode
from lab_node.parameters import parameter
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState

HISTORY = []


@dataclass(frozen=True)
class NoteParameters:
    broken: bool = parameter(False, "refuses to configure")


class NotingNode(LabNode):
    Parameters = NoteParameters

    def configure(self):
        HISTORY.append(f"configure {self.get_name()}")
        if self.parameters.broken:
            raise ConfigurationError("parameter 'broken' is true: set it to false")

    def activate(self):
        HISTORY.append(f"activate {self.get_name()}")


@pytest.fixture
def start(monkeypatch):
    """Nodes by name and their command line, spun in a thread; gives the manager."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "53")
    HISTORY.clear()
    executor, nodes = None, []

    def make(names, *arguments, timeout=10.0):
        nonlocal executor
        rclpy.init(args=["--ros-args", "-p", f"lifecycle_manager:start_timeout:={timeout}", *arguments])
        executor = SingleThreadedExecutor()
        manager = LifecycleManager()
        nodes.extend([manager, *(NotingNode(name) for name in names)])
        for node in nodes:
            executor.add_node(node)
        threading.Thread(target=executor.spin, daemon=True).start()
        return manager

    yield make
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


NODES = ("-p", "lifecycle_manager:nodes:=[camera, planner]")


def test_configured_along_the_flow_activated_against_it(start):
    start(["camera", "planner"], *NODES).bring_up()
    assert HISTORY == ["configure camera", "configure planner", "activate planner", "activate camera"]


def test_a_node_that_refuses_is_named_and_nothing_is_activated(start):
    manager = start(["camera", "planner"], *NODES, "-p", "planner:broken:=true")
    with pytest.raises(UnavailableError, match="node planner refused to configure"):
        manager.bring_up()
    assert HISTORY == ["configure camera", "configure planner"]


def test_a_node_that_is_not_there_is_named(start):
    manager = start(["camera"], "-p", "lifecycle_manager:nodes:=[camera, absent]", timeout=1.0)
    with pytest.raises(UnavailableError, match="node absent did not come up within 1 s"):
        manager.bring_up()


def test_nodes_wait_for_what_they_live_on(start):
    manager = start(
        ["camera"],
        "-p",
        "lifecycle_manager:nodes:=[camera]",
        "-p",
        "lifecycle_manager:topics:=[/joint_states]",
    )
    up = threading.Thread(target=manager.bring_up)
    up.start()
    assert HISTORY == []
    manager.create_publisher(JointState, "/joint_states", 1)
    up.join(10.0)
    assert HISTORY == ["configure camera", "activate camera"]


def test_what_nobody_publishes_is_named(start):
    manager = start(
        ["camera"],
        "-p",
        "lifecycle_manager:nodes:=[camera]",
        "-p",
        "lifecycle_manager:topics:=[/camera/color/image_raw]",
        "-p",
        "lifecycle_manager:topics_timeout:=1.0",
    )
    with pytest.raises(UnavailableError, match="nobody publishes /camera/color/image_raw after 1 s"):
        manager.bring_up()
    assert HISTORY == []
