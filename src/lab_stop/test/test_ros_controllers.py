"""Controllers of ros2_control while the cell is stopped, and after its reset."""

import threading
import time

import pytest
import rclpy
from controller_manager_msgs.srv import ListControllers
from managed_controllers import ControllerManager
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from lab_stop.ros_controllers import ArmControllers

ARM, OTHER = "arm_controller", "joint_state_broadcaster"
ACTION = f"/{ARM}/follow_joint_trajectory"


@pytest.fixture
def node(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "56")
    rclpy.init()
    node = Node("stop")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield node
    executor.shutdown()
    thread.join(10.0)
    node.destroy_node()
    rclpy.try_shutdown()


class Turning:
    """The controllers' keeper, turned until something holds."""

    def __init__(self, node, action=ACTION):
        self.failures = []
        self.keeper = ArmControllers(node, [action], self.failures.append)

    def until(self, condition, what):
        deadline, pause = time.monotonic() + 60.0, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, what
            self.keeper.turn()
            pause.wait(0.005)


def test_the_arm_s_is_inactive_from_the_lock_to_the_reset(node):
    manager, turning = ControllerManager(node, ARM, OTHER), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: manager.states[ARM] == "inactive", "is not deactivated")
    assert manager.states[OTHER] == "active"
    assert turning.keeper.waits == "", "locked, it waits for nothing"
    turning.keeper.lock(False)
    assert turning.keeper.waits == f"{ARM} is being activated again"
    turning.until(lambda: not turning.keeper.waits, "is not activated again")
    assert manager.states[ARM] == "active" and not turning.failures


def test_one_that_somebody_activates_while_the_cell_is_stopped_is_deactivated_again(node):
    manager, turning = ControllerManager(node, ARM), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: manager.states[ARM] == "inactive", "is not deactivated")
    manager.states[ARM] = "active"
    turning.until(lambda: manager.states[ARM] == "inactive", "stays active")


def test_one_that_was_inactive_before_stays_so(node):
    manager, turning = ControllerManager(node, ARM, OTHER), Turning(node)
    manager.states[ARM] = "inactive"
    turning.keeper.lock(True)
    turning.until(lambda: manager.listed > 2, "is not looked at")
    turning.keeper.lock(False)
    assert turning.keeper.waits == "" and manager.switched == []


@pytest.mark.parametrize("interface", ["effort", "velocity"])
def test_what_holds_an_arm_by_other_means_than_positions_stays_active(node, interface):
    manager, turning = ControllerManager(node, ARM, interface=interface), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: manager.listed > 2, "is not looked at")
    assert manager.states[ARM] == "active" and manager.switched == []


def test_the_manager_of_another_cell_is_left_alone(node):
    other = ControllerManager(node, ARM, namespace="/other")
    own, turning = ControllerManager(node, ARM), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: own.states[ARM] == "inactive", "is not deactivated")
    assert other.states[ARM] == "active" and other.listed == 0


def test_one_that_does_not_come_up_again_is_told_with_the_reason(node):
    manager, turning = ControllerManager(node, ARM), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: manager.states[ARM] == "inactive", "is not deactivated")
    manager.refusal = "the hardware is in error"
    turning.keeper.lock(False)
    turning.until(lambda: turning.failures, "nobody is told")
    assert turning.failures == [f"{ARM} is being activated again, in vain: the hardware is in error"]
    assert turning.keeper.waits, "and it may not be told to move"
    manager.refusal = ""
    turning.keeper.lock(True)
    turning.keeper.lock(False)
    turning.until(lambda: not turning.keeper.waits, "is not activated at the next reset")
    assert len(turning.failures) == 1


def test_a_list_from_before_the_switch_is_not_believed(node):
    """A reset that comes while the controller is being deactivated: it still says active, and is not."""
    manager, turning = ControllerManager(node, ARM), Turning(node)
    turning.until(lambda: len(turning.keeper._clients) == 2, "no manager is found")
    turning.keeper._locked = True
    stale = manager._list(None, ListControllers.Response())
    turning.keeper._take_list("/controller_manager", stale)  # asks to deactivate
    turning.keeper.lock(False)
    turning.keeper._take_list("/controller_manager", stale)
    assert turning.keeper.waits or manager.states[ARM] == "active"
    turning.until(lambda: len(manager.switched) == 2 and not turning.keeper.waits, "is not activated again")
    assert manager.states[ARM] == "active"


def test_one_that_was_unloaded_meanwhile_is_not_waited_for(node):
    manager, turning = ControllerManager(node, ARM, OTHER), Turning(node)
    turning.keeper.lock(True)
    turning.until(lambda: manager.states[ARM] == "inactive", "is not deactivated")
    del manager.states[ARM]
    turning.keeper.lock(False)
    turning.until(lambda: not turning.keeper.waits, "is waited for")
    assert not turning.failures
