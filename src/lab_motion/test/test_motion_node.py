"""The node with real messages and actions, against controllers without dynamics."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
import rclpy
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import PoseStamped
from kinematic_cell import KinematicCell
from lab_motion.motion_node import MotionNode
from lab_motion.planner import Body, MotionOptions, PlanningScene
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
from lab_geometry import OrientedBox, make_transform, rotation_about
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Grasp, ObservedObject, Outcome, Scene
from lab_motion import ros_controllers

CELL = load_cell("ur5e_table")
PART = "part_1"
WIDTH = 0.04
HOME = CELL.robot.configuration("home")
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


def observed(name, x, y, size) -> ObservedObject:
    item = ObservedObject(id=name)
    item.box.center = pose_from_matrix(make_transform(np.eye(3), [x, y, 0.5 * size[2]]))
    item.box.size.x, item.box.size.y, item.box.size.z = size
    return item


class Graph:
    """Node, controllers and caller, spun by one executor."""

    def __init__(self, shown=CELL, **parameters) -> None:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = MotionNode(parameter_overrides=overrides)
        self.cell = KinematicCell(shown)
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

    def show(self, x=0.5, y=0.05, size=(0.05, WIDTH, 0.04), name=PART, beside=None) -> Grasp:
        """Publish a scene with one part; a grasp on it from above. beside: y of a second part."""
        scene = Scene()
        scene.header.stamp = self.node.get_clock().now().to_msg()
        scene.header.frame_id = "base_link"
        scene.support.coef = [0.0, 0.0, 1.0, 0.0]
        scene.objects = [observed(name, x, y, size)]
        if beside is not None:
            scene.objects.append(observed("neighbour", x, beside, size))
        self.caller.until(lambda: self.caller.scenes.get_subscription_count() > 0, "nobody wants scenes")
        self.caller.scenes.publish(scene)
        stamp = scene.header.stamp.sec * 10**9 + scene.header.stamp.nanosec
        self.caller.until(lambda: stamp in self.node._scenes, "the scene did not come")
        grasp = Grasp(
            header=scene.header, object_id=name, width=WIDTH, opening=0.06, approach_distance=0.1, score=1.0
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
    # a machine that is busy with other things must not look like a cell that is silent
    graph = Graph(patience=0.6, look_timeout=0.5, max_state_age=3.0, max_stop_age=3.0)
    try:
        assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert graph.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        yield graph
    finally:
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


@pytest.fixture
def numb(ros, tmp_path):
    """A cell whose pads feel nothing."""
    text = CELL.files["cell"].read_text(encoding="utf-8")
    (tmp_path / "cells").mkdir()
    path = tmp_path / "cells" / "numb.yaml"
    path.write_text(text.replace("{model: robotiq_2f85,", "{model: robotiq_2f85, tactile: false,"), "utf-8")
    cell = load_cell(path)
    assert not cell.gripper.wrench_topics
    graph = Graph(cell, cell=str(path), max_state_age=3.0, max_stop_age=3.0)
    try:
        assert graph.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert graph.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
        yield graph
    finally:
        graph.close()


def test_without_tactile_pads_the_stall_of_the_fingers_tells(numb):
    empty = numb.caller.run(Pick, Pick.Goal(grasps=[numb.show()]))
    assert empty.outcome.code == Outcome.GRASP_EMPTY, empty.outcome.message
    numb.cell.part_width = WIDTH
    picked = numb.caller.run(Pick, Pick.Goal(grasps=[numb.show()]))
    assert picked.outcome.code == Outcome.SUCCESS, picked.outcome.message
    assert picked.held_width == pytest.approx(WIDTH, abs=1e-3)
    placed = numb.caller.run(Place, Place.Goal(destination="tray"))
    assert placed.outcome.code == Outcome.SUCCESS, placed.outcome.message


def test_without_tactile_pads_fingers_that_close_further_have_lost_the_part(numb):
    numb.cell.part_width = WIDTH
    assert numb.caller.run(Pick, Pick.Goal(grasps=[numb.show()])).outcome.code == Outcome.SUCCESS
    handle = numb.caller.send(Place, Place.Goal(destination="tray"))
    numb.caller.until(lambda: "move" in numb.caller.phases, "never moved")
    numb.cell.opening = 0.0
    result = numb.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.OBJECT_LOST, result.outcome.message


def test_only_grasps_of_the_scene_may_pass_the_boxes_of_neighbours(graph):
    """Its points have been looked at then; of another scene they have not."""
    grasp = graph.show(beside=0.05 + WIDTH)
    graph.cell.part_width = WIDTH
    grasp.header.stamp.nanosec ^= 1
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.GOAL_IN_COLLISION, result.outcome.message
    assert "neighbour" in result.outcome.message
    grasp.header.stamp.nanosec ^= 1
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS


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


def test_what_was_gripped_when_a_pick_was_cancelled_is_known_and_can_be_placed(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    graph.caller.phases.clear()
    handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
    graph.caller.until(lambda: "verify" in graph.caller.phases, "never closed")
    graph.caller.wait(handle.cancel_goal_async())
    assert graph.caller.wait(handle.get_result_async()).result.outcome.code == Outcome.CANCELLED
    assert graph.node._robot.scene.held.name == PART
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    # it stood on the table, perhaps not gripped firmly: it is lifted clear first
    assert [stage.stage for stage in result.stages][:3] == ["close", "plan", "lift"]


def test_fingers_that_a_cancel_stopped_while_they_opened_grip_again(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    graph.cell.hand_speed = 0.001
    handle = graph.caller.send(Place, Place.Goal(destination="tray"))
    graph.caller.until(lambda: graph.cell.opening > WIDTH + 5e-4, "never opened")
    graph.caller.wait(handle.cancel_goal_async())
    assert graph.caller.wait(handle.get_result_async()).result.outcome.code == Outcome.CANCELLED
    assert graph.node._robot.hand.reading().force < 1.0  # it has loosened, and not let go
    graph.cell.hand_speed = 0.15
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert [stage.stage for stage in result.stages][:3] == ["close", "plan", "lift"]


def on_the_path(graph):
    """How far the last position is from the first trajectory that was sent, radians."""
    return np.abs(graph.cell.trajectories[0] - graph.cell.positions).max(axis=1).min()


def test_cancel_brakes_the_arm_on_its_path(graph):
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED
    assert len(graph.cell.trajectories) == 2  # the way, and the braking
    assert graph.cell.cancelled == 0
    assert np.abs(graph.cell.positions - CELL.robot.configuration("stow")).max() > 0.05
    assert on_the_path(graph) < 0.05


def test_no_joint_is_planned_faster_than_it_can_be_braked(graph):
    graph.node._robot.planner.update_scene(PlanningScene(opening=0.08))
    way = HOME + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 2.5])
    planned = graph.node._robot.planner.plan_joint(HOME, way, MotionOptions())
    p = graph.node.parameters
    fastest = np.abs(planned.velocities).max()
    assert fastest == pytest.approx(p.braking_time * p.deceleration * CELL.robot.acceleration[5], rel=0.02)
    assert fastest < CELL.robot.velocity[5]


def test_a_stop_brakes_and_forbids_until_the_reset_and_a_new_look(graph):
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    graph.cell.stopped = True
    result = graph.caller.wait(handle.get_result_async()).result
    assert (result.outcome.code, result.outcome.message) == (Outcome.STOPPED, "a test stopped the cell")
    assert on_the_path(graph) < 0.05
    sent = len(graph.cell.trajectories)
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="home")).outcome.code == Outcome.STOPPED
    graph.cell.stopped = False
    graph.caller.until(lambda: graph.node._permit.refusal() is None, "never reset")
    blind = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert blind.outcome.code == Outcome.STALE_INPUT and "since the stop" in blind.outcome.message
    assert len(graph.cell.trajectories) == sent
    graph.show()
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="home")).outcome.code == Outcome.SUCCESS


def hold_through_a_stop(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    graph.cell.stopped = True
    graph.caller.until(lambda: graph.node._permit.refusal() is not None, "never stopped")
    graph.cell.stopped = False
    graph.caller.until(lambda: graph.node._permit.refusal() is None, "never reset")


def test_what_is_seen_under_the_name_of_the_held_part_is_something_else(graph):
    """After a stop with a part in the hand, the camera may have given its name to a neighbour."""
    hold_through_a_stop(graph)
    graph.show(y=-0.15)
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    (seen, put) = graph.node._robot.scene.objects, graph.node._robot.placed
    assert len(seen) == 1 and seen[0].box.frame_from_box[1, 3] == pytest.approx(-0.15)
    assert len(put) == 1


def test_what_is_seen_where_the_held_part_is_is_no_obstacle(graph):
    """The camera sees the part in the hand, larger than it is and under another name."""
    hold_through_a_stop(graph)
    graph.show(y=0.08, size=(0.06, 0.12, 0.25), name="part_2")
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message


def test_a_silent_stop_node_stops_too(graph):
    graph.cell.allowed = 0.1  # so slowly that the silence is noticed on the way
    graph.caller.until(lambda: graph.node._permit.speed == 0.1, "never told to be slow")
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    graph.cell.silent = True
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STALE_INPUT and "/cell/stop_state" in result.outcome.message
    assert np.abs(graph.cell.positions - CELL.robot.configuration("stow")).max() > 0.05


def test_the_arm_goes_slowly_while_it_is_told_to(graph):
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    graph.cell.allowed = 0.25
    graph.caller.until(lambda: len(graph.cell.trajectories) == 2, "never slowed down")
    graph.cell.allowed = 1.0
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert len(graph.cell.trajectories) == 3
    assert np.abs(graph.cell.positions - CELL.robot.configuration("stow")).max() < 0.01


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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED, Outcome.PATH_TOLERANCE_EXCEEDED),
        (FollowJointTrajectory.Result.GOAL_TOLERANCE_VIOLATED, Outcome.GOAL_TOLERANCE_EXCEEDED),
        (FollowJointTrajectory.Result.INVALID_JOINTS, Outcome.TRAJECTORY_REJECTED),
        # another client took the controller over: it aborts without an error code
        (FollowJointTrajectory.Result.SUCCESSFUL, Outcome.MOTION_STALLED),
    ],
)
def test_what_the_controller_aborts_is_no_success(graph, error, code):
    graph.cell.arm_error = error
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == code
    assert result.outcome.stage == "execution"


def test_a_controller_that_does_not_answer_in_time(graph, monkeypatch):
    monkeypatch.setattr(ros_controllers, "_ANSWER", 0.0)
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.TIMEOUT
    graph.caller.until(lambda: graph.cell.cancelled == 1, "a motion that nobody watches goes on")


def test_a_defect_of_a_planner_is_told_as_one(graph, monkeypatch):
    monkeypatch.setattr(graph.node._robot.planner, "plan_joint", lambda *_: 1 // 0)
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.INTERNAL_ERROR
    assert "ZeroDivisionError" in result.outcome.message


def pose_goal(x, y, z):
    goal = MoveTo.Goal()
    goal.pose.header.frame_id = "base_link"
    goal.pose.pose = pose_from_matrix(make_transform(rotation_about([1.0, 0.0, 0.0], np.pi), [x, y, z]))
    return goal


def joint_goal(change):
    names = list(CELL.robot.joint_names)
    return MoveTo.Goal(joints=JointState(name=names, position=(HOME + np.array(change)).tolist()))


@pytest.mark.parametrize(
    ("goal", "code"),
    [
        (pose_goal(0.5, 0.0, -0.05), Outcome.GOAL_IN_COLLISION),
        (joint_goal([9.0, 0.0, 0.0, 0.0, 0.0, 0.0]), Outcome.LIMITS_EXCEEDED),
    ],
)
def test_goals_that_cannot_be_reached(graph, goal, code):
    result = graph.caller.run(MoveTo, goal)
    assert result.outcome.code == code, result.outcome.message
    assert not graph.cell.trajectories


def test_an_arm_that_stands_in_the_table_does_not_begin(graph):
    graph.cell.positions = HOME + np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    graph.caller.until(lambda: np.abs(graph.node._robot.arm.positions() - HOME).max() > 0.5, "not there")
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert result.outcome.code == Outcome.START_IN_COLLISION, result.outcome.message


def test_a_part_out_of_which_no_straight_way_leads(graph):
    """At the end of the arm's reach the hand can close, but not lift."""
    grasp = graph.show(x=0.90, y=0.0)
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.PATH_NOT_STRAIGHT, result.outcome.message


def test_a_gripper_that_gives_up(graph):
    grasp = graph.show()
    graph.cell.hand_ends_early = True
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.GRIPPER_FAILED


def test_a_part_that_sticks_to_the_hand(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    graph.cell.part_sticks = True
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.OBJECT_NOT_RELEASED


def test_a_part_too_large_for_every_place_of_the_tray_and_what_holds_it_is_known(graph):
    grasp = graph.show(size=(0.20, WIDTH, 0.04))
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.DESTINATION_FULL, result.outcome.message
    assert graph.node._robot.scene.held.name == PART


def test_a_node_that_starts_with_a_part_in_the_hand_knows_it(graph):
    graph.node.trigger_deactivate()
    graph.cell.part_width = graph.cell.opening = WIDTH
    graph.cell._force = 20.0
    graph.caller.until(lambda: graph.node._robot.hand.reading().force > 10.0, "no force is felt")
    graph.node.trigger_activate()
    graph.caller.until(lambda: graph.node._robot.grip is not None, "it did not feel the part")
    assert graph.node._robot.grip.opening == pytest.approx(WIDTH, abs=1e-3)
    assert graph.caller.run(Place, Place.Goal(destination="bin")).outcome.code == Outcome.SUCCESS


def test_no_way_leads_through_a_wall(graph):
    """From the arm's column outwards, higher than it reaches, between where it is and shall be."""
    angle, near, far, height = HOME[0] + 0.95, 0.15, 1.4, 2.2
    middle = 0.5 * (near + far)
    pose = make_transform(
        rotation_about([0.0, 0.0, 1.0], angle), [middle * np.cos(angle), middle * np.sin(angle), 0.5 * height]
    )
    wall = Body("wall", OrientedBox(pose, np.array([far - near, 0.02, height])))
    graph.node._robot.set_scene(PlanningScene((wall,), None, 0.08))
    result = graph.caller.run(MoveTo, joint_goal([1.9, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert result.outcome.code == Outcome.NO_PATH, result.outcome.message
    assert not graph.cell.trajectories
