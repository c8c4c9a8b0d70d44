"""The motion node with the simulator of a cell that has a suction cup: a block is taken and put down."""

from __future__ import annotations

import os
import threading
import time
import unittest
from pathlib import Path

import launch_testing
import numpy as np
import pytest
import rclpy
from lab_interfaces.action import Pick, Place
from lab_interfaces.msg import Grasp, HeldPart, Outcome, Scene, StopState
from launch import LaunchDescription
from launch_ros.actions import Node
from launch_testing.actions import ReadyToTest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from motion_graph import Caller, observed
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import FluidPressure, JointState
from std_srvs.srv import SetBool

from lab_core.geometry import make_transform, rotation_about
from lab_description import load_cell
from lab_node.conversions.poses import pose_from_matrix
from lab_node.permit import STOP_STATE
from lab_node.qos import ALIVE, LATCHED, SENSOR
from lab_node.rclpy_overrides import destroy_actions

CELL = load_cell("ur5e_suction")
CUP = CELL.end_effector
SCENE = Path(__file__).parent / "block.yaml"
X, Y, SIZE = 0.5, 0.05, (0.05, 0.05, 0.03)
WAIT = 120.0
# a machine that pauses must not look like a cell that is silent
PATIENT = {"max_state_age": 8.0, "max_stop_age": 8.0, "max_view_age": 60.0, "look_timeout": 60.0}


@pytest.mark.launch_test
def generate_test_description():
    os.environ["ROS_DOMAIN_ID"] = "75"
    simulator = {"cell": CELL.name, "scene": str(SCENE), "look": "plain", "use_sim_time": True}
    motion = {"cell": CELL.name, "use_sim_time": True, **PATIENT}
    nodes = [
        Node(package="lab_simulation", executable="simulator_node", name="simulator", parameters=[simulator]),
        Node(package="lab_motion", executable="motion_node", name="motion", parameters=[motion]),
    ]
    return LaunchDescription([*nodes, ReadyToTest()])


class Cell(Caller):
    """Beside the two nodes: lets them be active and the arm move, and hears what they measure."""

    def __init__(self) -> None:
        super().__init__()
        self.pressure, self.stamp, self.held = 0.0, None, ""
        self._stop = self.create_publisher(StopState, STOP_STATE, ALIVE)
        self.create_timer(0.1, lambda: self._stop.publish(StopState(speed=1.0, stops=1)))
        self.create_subscription(JointState, "/joint_states", self._take_time, SENSOR)
        self.create_subscription(FluidPressure, CUP.pressure_topic, self._take_pressure, SENSOR)
        self.create_subscription(HeldPart, "/motion/held", self._take_held, LATCHED)

    def _take_time(self, message) -> None:
        self.stamp = message.header.stamp

    def _take_pressure(self, message) -> None:
        self.pressure = message.fluid_pressure

    def _take_held(self, message) -> None:
        self.held = message.object_id

    @property
    def vacuum(self) -> float:
        return CUP.air_pressure - self.pressure

    def call(self, kind, name, request):
        client = self.create_client(kind, name)
        assert client.wait_for_service(WAIT), f"no {name}"
        answer = self.wait(client.call_async(request))
        self.destroy_client(client)
        return answer

    def activate(self, node) -> None:
        """Ask for each transition, and again for the state: a first answer may be lost to discovery."""
        change = self.create_client(ChangeState, f"/{node}/change_state")
        state = self.create_client(GetState, f"/{node}/get_state")
        for transition, wanted in (
            (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
            (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
        ):
            assert change.wait_for_service(WAIT) and state.wait_for_service(WAIT), f"no {node}"
            change.call_async(ChangeState.Request(transition=Transition(id=transition)))
            deadline = time.monotonic() + WAIT
            while self._state(state) != wanted:
                assert time.monotonic() < deadline, f"{node} does not change its state"

    def _state(self, client) -> int:
        answer, done = client.call_async(GetState.Request()), threading.Event()
        answer.add_done_callback(lambda _: done.set())
        return answer.result().current_state.id if done.wait(1.0) else State.PRIMARY_STATE_UNKNOWN

    def grasp(self) -> Grasp:
        """On the block from above, the bellows pressed together by 3 mm, in a scene that is published."""
        scene = Scene()
        scene.header.stamp, scene.header.frame_id = self.stamp, "base_link"
        scene.support.coef = [0.0, 0.0, 1.0, 0.0]
        scene.objects = [observed("block", X, Y, SIZE)]
        self.until(lambda: self.scenes.get_subscription_count() > 0, "nobody wants scenes")
        self.scenes.publish(scene)
        down = make_transform(rotation_about([1.0, 0.0, 0.0], np.pi), [X, Y, SIZE[2] - 0.003])
        return Grasp(
            header=scene.header,
            object_id="block",
            pose=pose_from_matrix(down),
            approach_distance=0.1,
            score=1.0,
        )

    def pick(self, **changes):
        grasp = self.grasp()
        for name, value in changes.items():
            setattr(grasp, name, value)
        deadline = time.monotonic() + WAIT
        while True:
            result = self.run(Pick, Pick.Goal(grasps=[grasp]))
            # the scene may still be on its way
            if result.outcome.code != Outcome.STALE_INPUT or time.monotonic() > deadline:
                return result


class TestCup(unittest.TestCase):
    """One cell for all; the tests run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        rclpy.init()
        cls.cell = Cell()
        cls._executor = SingleThreadedExecutor()
        cls._executor.add_node(cls.cell)
        cls._thread = threading.Thread(target=cls._executor.spin, daemon=True)
        cls._thread.start()
        cls.cell.activate("simulator")
        cls.cell.activate("motion")
        cls.cell.until(lambda: cls.cell.stamp is not None and cls.cell.pressure > 0.0, "nothing is measured")

    @classmethod
    def tearDownClass(cls):
        cls._executor.shutdown()
        cls._thread.join()
        destroy_actions(cls.cell)
        cls.cell.destroy_node()
        rclpy.try_shutdown()

    def test_1_a_grasp_for_fingers_is_refused(self):
        result = self.cell.pick(opening=0.06, width=0.04)
        self.assertEqual(result.outcome.code, Outcome.INVALID_REQUEST)
        self.assertIn("'suction_20mm' has no fingers", result.outcome.message)

    def test_2_a_block_is_picked_and_placed(self):
        picked = self.cell.pick()
        self.assertEqual(picked.outcome.code, Outcome.SUCCESS, picked.outcome.message)
        self.assertEqual(picked.held_width, 0.0)
        self.assertGreater(picked.held_force, 0.6 * CUP.maximum_force)
        stages = [stage.stage for stage in picked.stages]
        self.assertEqual(stages, ["plan", "move", "approach", "close", "verify", "plan", "lift", "verify"])
        self.cell.until(lambda: self.cell.held == "block", "it does not say what it holds")
        self.assertGreater(self.cell.vacuum, 0.6 * CUP.vacuum)
        placed = self.cell.run(Place, Place.Goal(destination="tray"))
        self.assertEqual(placed.outcome.code, Outcome.SUCCESS, placed.outcome.message)
        self.cell.until(lambda: self.cell.vacuum < 0.2 * CUP.vacuum, "the vacuum is still there")
        self.cell.until(lambda: self.cell.held == "", "it still says that it holds something")

    def test_3_where_nothing_lies_the_grasp_is_empty(self):
        result = self.cell.pick()
        self.assertEqual(result.outcome.code, Outcome.GRASP_EMPTY, result.outcome.message)
        self.assertIn("the lip leaks", result.outcome.message)
        self.cell.until(lambda: self.cell.vacuum < 0.2 * CUP.vacuum, "the pump is still on")

    def test_4_a_pump_that_is_on_beforehand_is_switched_off_for_the_approach(self):
        answer = self.cell.call(SetBool, CUP.switch_service, SetBool.Request(data=True))
        self.assertTrue(answer.success)
        result = self.cell.pick()
        self.assertEqual(result.outcome.code, Outcome.GRASP_EMPTY, result.outcome.message)


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    def test_both_nodes_end_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
