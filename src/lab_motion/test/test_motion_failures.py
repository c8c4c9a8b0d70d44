"""The node with real messages and actions: what cannot be done, and what goes wrong."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import PoseStamped
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Handling, Outcome
from motion_graph import CELL, HOME, PART, WIDTH, Graph
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import JointState

from lab_core.geometry import OrientedBox, make_transform, rotation_about
from lab_core.scene import Part
from lab_motion.planning.port import PlanningScene
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix


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


def test_where_a_part_was_lost_while_it_was_lowered_none_is_put(graph):
    grasp, slots = graph.show(), CELL.destinations["tray"].slots()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    handle = graph.caller.send(Place, Place.Goal(destination="tray"))
    graph.caller.until(lambda: "lower" in graph.caller.phases, "never lowered")
    graph.cell.part_width = None
    assert graph.caller.wait(handle.get_result_async()).result.outcome.code == Outcome.OBJECT_LOST
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    released = matrix_from_pose(result.pose.pose)
    assert np.abs(released[:2, 3] - slots[1][:2, 3]).max() < 0.01


def test_an_arm_that_does_not_move_has_stalled(graph):
    graph.cell.frozen = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.MOTION_STALLED
    graph.caller.until(lambda: graph.cell.cancelled == 1, "the controller was not told")


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
    "parameters",
    [
        {"planner": "nonsense"},
        {"cell": "nowhere"},
        {"force": -1.0},
        {"sped": 1.0},
        {"embedded.samples": 0},
        {"embedded.sampels": 50},
        {"meeting": 0.001},  # an old name
    ],
)
def test_parameters_that_cannot_work_refuse_to_configure(ros, parameters):
    graph = Graph(**parameters)
    assert graph.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    graph.close()


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
    controller = graph.node._arm._controller
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="home")).outcome.code == Outcome.SUCCESS
    monkeypatch.setattr(controller, "send", functools.partial(controller.send, timeout=0.0))
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
    assert graph.node._robot.scene.held.id == PART


def test_no_way_leads_through_a_wall(graph):
    """From the arm's column outwards, higher than it reaches, between where it is and shall be."""
    angle, near, far, height = HOME[0] + 0.95, 0.15, 1.4, 2.2
    middle = 0.5 * (near + far)
    pose = make_transform(
        rotation_about([0.0, 0.0, 1.0], angle), [middle * np.cos(angle), middle * np.sin(angle), 0.5 * height]
    )
    wall = Part("wall", OrientedBox(pose, np.array([far - near, 0.02, height])))
    graph.node._robot.set_scene(PlanningScene((wall,), None, 0.08))
    result = graph.caller.run(MoveTo, joint_goal([1.9, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert result.outcome.code == Outcome.NO_PATH, result.outcome.message
    assert not graph.cell.trajectories


def test_a_part_is_handled_as_the_goal_says(graph):
    """To the place that is named, with the force that is allowed, and slower."""
    grasp, slots = graph.show(), CELL.destinations["tray"].slots()
    graph.cell.part_width = WIDTH
    handling = Handling(speed=0.5, max_force=12.0, places=[7])
    picked = graph.caller.run(Pick, Pick.Goal(grasps=[grasp], handling=handling))
    assert picked.outcome.code == Outcome.SUCCESS, picked.outcome.message
    assert graph.node._robot.settings.force == 12.0
    assert graph.node._robot.settings.speed == 0.5 * graph.node._settings.speed
    result = graph.caller.run(Place, Place.Goal(destination="tray", handling=handling))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    released = matrix_from_pose(result.pose.pose)
    assert np.abs(released[:2, 3] - slots[6][:2, 3]).max() < 0.01


@pytest.mark.parametrize(
    ("handling", "complaint"),
    [
        (Handling(speed=1.5), "the speed of a part is 1.5"),
        (Handling(speed=-0.5), "the speed of a part is -0.5"),
        (Handling(max_force=-1.0), "the largest force on a part is -1 N"),
    ],
)
def test_a_handling_that_cannot_be_is_refused(graph, handling, complaint):
    result = graph.caller.run(Pick, Pick.Goal(grasps=[graph.show()], handling=handling))
    assert result.outcome.code == Outcome.INVALID_REQUEST and complaint in result.outcome.message
