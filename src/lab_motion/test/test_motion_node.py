"""The node with real messages and actions, against controllers without dynamics."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import PoseStamped
from kinematic_cell import KinematicCell
from lab_motion.motion_node import MotionNode
from lab_node.poses import matrix_from_pose, pose_from_matrix
from lab_node.qos import RELIABLE
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from lab_description import load_cell
from lab_geometry import make_transform, rotation_about
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Grasp, ObservedObject, Outcome, Scene

CELL = load_cell("ur5e_table")
PART = "part_1"
WIDTH = 0.04
WAIT = 60.0


class Caller(Node):
    """Sends goals and scenes, and waits for what comes back."""

    def __init__(self) -> None:
        super().__init__("caller")
        self.clients_of = {
            k: ActionClient(self, k, n) for k, n in ((Pick, "/pick"), (Place, "/place"), (MoveTo, "/move_to"))
        }
        self.scenes = self.create_publisher(Scene, "/scene/objects", RELIABLE)
        self.phases: list[str] = []

    def send(self, kind, goal):
        client = self.clients_of[kind]
        assert client.wait_for_server(timeout_sec=WAIT)
        handle = self.wait(client.send_goal_async(goal, feedback_callback=self._feedback))
        assert handle.accepted
        return handle

    def run(self, kind, goal):
        self.phases.clear()
        return self.wait(self.send(kind, goal).get_result_async()).result

    def wait(self, future):
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(WAIT), "no answer"
        return future.result()

    def until(self, condition, what):
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.005)

    def _feedback(self, message) -> None:
        self.phases.append(message.feedback.phase)


class Graph:
    """Node, controllers and caller, spun by one executor."""

    def __init__(self, **parameters) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = MotionNode(parameter_overrides=overrides)
        self.cell = KinematicCell(CELL)
        self.caller = Caller()
        self._executor = SingleThreadedExecutor()
        self._nodes = [self.node, self.cell, self.caller]
        for node in self._nodes:
            self._executor.add_node(node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.node.end()
        self._executor.shutdown()
        self._thread.join(5.0)
        for node in self._nodes:
            node.destroy_node()

    def show(self, x=0.5, y=0.05, size=(0.05, WIDTH, 0.04)) -> Grasp:
        """Publish a scene with one part; a grasp on it from above."""
        scene, item = Scene(), ObservedObject(id=PART)
        scene.header.stamp = self.node.get_clock().now().to_msg()
        scene.header.frame_id = "base_link"
        scene.support.coef = [0.0, 0.0, 1.0, 0.0]
        item.box.center = pose_from_matrix(make_transform(np.eye(3), [x, y, 0.5 * size[2]]))
        item.box.size.x, item.box.size.y, item.box.size.z = size
        scene.objects = [item]
        self.caller.until(lambda: self.caller.scenes.get_subscription_count() > 0, "nobody wants scenes")
        self.caller.scenes.publish(scene)
        stamp = scene.header.stamp.sec * 10**9 + scene.header.stamp.nanosec
        self.caller.until(lambda: stamp in self.node._scenes, "the scene did not come")
        grasp = Grasp(
            header=scene.header, object_id=PART, width=WIDTH, opening=0.06, approach_distance=0.1, score=1.0
        )
        down = rotation_about([1.0, 0.0, 0.0], np.pi)
        grasp.pose = pose_from_matrix(make_transform(down, [x, y, 0.025]))
        return grasp


@pytest.fixture(scope="module")
def ros():
    os.environ["ROS_DOMAIN_ID"] = os.environ.get("LAB_MOTION_TEST_DOMAIN", "41")
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def graph(ros):
    graph = Graph(patience=0.6)
    assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert graph.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    yield graph
    graph.close()


def test_a_part_is_picked_and_placed_on_the_tray(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert result.grasp_index == 0
    assert result.held_width == pytest.approx(WIDTH, abs=1e-3)
    assert result.held_force > 20.0
    assert [s.stage for s in result.stages] == [
        "plan",
        "move",
        "approach",
        "close",
        "verify",
        "plan",
        "lift",
        "verify",
    ]
    assert all(stage.duration >= 0.0 for stage in result.stages)
    assert graph.caller.phases[:3] == ["plan", "move", "approach"]
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    released = matrix_from_pose(result.pose.pose)
    slot = CELL.destinations["tray"].slots()[0]
    assert np.abs(released[:2, 3] - slot[:2, 3]).max() < 0.01
    assert [s.stage for s in result.stages] == ["plan", "move", "lower", "open", "plan", "retreat"]


def test_closing_on_nothing_is_an_empty_grasp_and_the_arm_backs_off(graph):
    grasp = graph.show()
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.GRASP_EMPTY
    assert result.outcome.stage == "contact"
    height = graph.node._robot.planner.forward(graph.cell.positions)[2, 3]
    assert height > 0.09


def test_a_part_that_falls_on_the_way_is_lost(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    handle = graph.caller.send(Place, Place.Goal(destination="tray"))
    graph.caller.until(lambda: "move" in graph.caller.phases, "never moved")
    graph.cell.part_width = None
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.OBJECT_LOST
    again = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert again.outcome.code == Outcome.INVALID_REQUEST
    assert "empty" in again.outcome.message


def test_cancel_stops_the_arm_at_once(graph):
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: len(graph.cell.trajectories) == 1, "no trajectory came")
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED
    assert graph.cell.cancelled == 1
    assert np.abs(graph.cell.positions - CELL.robot.configuration("stow")).max() > 0.05


def test_an_arm_that_does_not_move_has_stalled(graph):
    graph.cell.frozen = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.MOTION_STALLED
    assert graph.cell.cancelled == 1


def test_a_refused_trajectory_is_said_so(graph):
    graph.cell.refuse = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.TRAJECTORY_REJECTED
    assert "follow_joint_trajectory" in result.outcome.message


def test_a_second_action_is_told_that_the_arm_is_busy(graph):
    graph.cell.frozen = True
    first = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: graph.node._busy.locked(), "never began")
    second = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert second.outcome.code == Outcome.UNAVAILABLE
    assert "busy" in second.outcome.message
    assert graph.caller.wait(first.get_result_async()).result.outcome.code == Outcome.MOTION_STALLED


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (MoveTo.Goal(), "exactly one"),
        (MoveTo.Goal(configuration="hoem"), "home"),
        (MoveTo.Goal(joints=JointState(name=["a"], position=[0.0])), "other joints"),
        (MoveTo.Goal(pose=PoseStamped()), "exactly one"),
    ],
)
def test_requests_that_cannot_be_meant(graph, goal, words):
    result = graph.caller.run(MoveTo, goal)
    assert result.outcome.code == Outcome.INVALID_REQUEST
    assert words in result.outcome.message
    assert not graph.cell.trajectories


def test_out_of_reach_is_said_before_anything_moves(graph):
    goal = MoveTo.Goal()
    goal.pose.header.frame_id = "base_link"
    goal.pose.pose = pose_from_matrix(make_transform(rotation_about([1.0, 0.0, 0.0], np.pi), [2.0, 0.0, 0.3]))
    result = graph.caller.run(MoveTo, goal)
    assert result.outcome.code == Outcome.OUT_OF_REACH
    assert result.outcome.stage == "planning"
    assert not graph.cell.trajectories


def test_an_inactive_node_refuses(graph):
    graph.node.trigger_deactivate()
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert result.outcome.code == Outcome.UNAVAILABLE


@pytest.mark.parametrize(
    "parameters", [{"planner": "nonsense"}, {"cell": "nowhere"}, {"force": -1.0}, {"sped": 1.0}]
)
def test_parameters_that_cannot_work_refuse_to_configure(ros, parameters):
    graph = Graph(**parameters)
    assert graph.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    graph.close()


@pytest.fixture
def cautious(ros):
    graph = Graph(confirm_first=True, first_speed=0.2, confirm_timeout=30.0)
    assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert graph.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    yield graph
    graph.close()


def confirm(graph):
    client = graph.caller.create_client(Trigger, "/motion/confirm")
    assert client.wait_for_service(timeout_sec=WAIT)
    return graph.caller.wait(client.call_async(Trigger.Request()))


def test_the_first_motion_waits_for_a_person_and_is_slow(cautious):
    goal = MoveTo.Goal(configuration="stow")
    pending = cautious.caller.send(MoveTo, goal)
    cautious.caller.until(lambda: cautious.node._busy.locked(), "the action did not begin")
    assert cautious.cell.trajectories == []
    assert confirm(cautious).success
    first = cautious.caller.wait(pending.get_result_async()).result
    assert first.outcome.code == Outcome.SUCCESS, first.outcome.message
    second = cautious.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert second.outcome.code == Outcome.SUCCESS, second.outcome.message
    slow, usual = cautious.cell.durations
    assert slow > 2.0 * usual


def test_what_nobody_confirms_can_be_cancelled_and_moves_nothing(cautious):
    pending = cautious.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    cautious.caller.until(lambda: cautious.node._busy.locked(), "the action did not begin")
    cautious.caller.wait(pending.cancel_goal_async())
    result = cautious.caller.wait(pending.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED
    assert cautious.cell.trajectories == []


def test_arm_and_gripper_may_publish_their_joints_in_turns(graph):
    """Two drivers have two broadcasters: a state of the gripper is none of the arm."""
    graph.cell.in_turns = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
