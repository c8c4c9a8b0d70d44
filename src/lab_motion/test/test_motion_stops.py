"""The node with real messages and actions: stops, cancels, the first motion."""

from __future__ import annotations

import numpy as np
import pytest
from control_msgs.action import FollowJointTrajectory
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Outcome
from motion_graph import CELL, HOME, PART, WAIT, WIDTH, Graph, running, started
from rclpy.action import ActionClient
from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from lab_core.errors import DeadlineError
from lab_motion.control.pace import Paced
from lab_motion.control.progress import Progress
from lab_motion.planning.port import MotionOptions, PlanningScene


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


@pytest.mark.parametrize(("stops", "words"), [(4, "is reset already"), (0, "started anew")])
def test_a_stop_that_nobody_saw_brakes_and_asks_for_a_new_look(graph, stops, words):
    """Only the newest state is kept for a node that pauses: the count tells what it has missed."""
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    graph.cell.stops = stops
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STOPPED and words in result.outcome.message
    assert np.abs(graph.cell.positions - CELL.robot.configuration("stow")).max() > 0.05
    assert on_the_path(graph) < 0.05
    blind = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert blind.outcome.code == Outcome.STALE_INPUT and "since the stop" in blind.outcome.message
    graph.show()
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="home")).outcome.code == Outcome.SUCCESS


def test_a_silent_stop_node_stops_too(graph):
    graph.cell.allowed = 0.02  # so slowly that the silence is noticed on the way
    graph.caller.until(lambda: graph.node._permit.speed == 0.02, "never told to be slow")
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.05, "never moved")
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


def moving_to_stow(graph):
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.1, "never moved")
    return handle


def require_at_rest_on_the_way(graph):
    stow = CELL.robot.configuration("stow")
    assert np.abs(graph.cell.positions - stow).max() > 0.05
    assert graph.cell._arm is None  # nothing that would go on


@pytest.mark.parametrize("feedback", [True, False])
def test_an_arm_that_its_controller_slows_down_stops_on_its_path(ros, feedback):
    """By then its time is seconds behind the clock; a stamp would let it begin to brake as much later."""
    with running(Graph(stamped_goals=False)) as graph:
        graph.cell.scaling, graph.cell.gives_feedback = 0.3, feedback
        handle = moving_to_stow(graph)
        graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.5, "stands")
        graph.caller.wait(handle.cancel_goal_async())
        result = graph.caller.wait(handle.get_result_async()).result
        assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
        require_at_rest_on_the_way(graph)
        assert len(graph.cell.trajectories) == 2 and graph.cell.cancelled == 0
        way = graph.cell.trajectories[0]
        assert max(np.abs(way - at).max(axis=1).min() for at in graph.cell.visited) < 0.05


def test_an_arm_that_trails_behind_its_commands_brakes_evenly(graph):
    """A motion that began where it is would all but stop it at once, and let it go on."""
    graph.cell.trails = 5
    handle = moving_to_stow(graph)
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
    require_at_rest_on_the_way(graph)
    steps, speeds = (np.array(column) for column in zip(*graph.cell.speeds, strict=True))
    change = np.abs(np.diff(speeds, axis=0)) / np.maximum(steps[1:], 0.005)[:, None]
    assert (change < 1.5 * graph.node.parameters.deceleration * CELL.robot.acceleration).all()


def test_an_arm_that_is_not_on_its_path_is_told_to_hold(graph):
    """A braking motion would begin with a jump."""
    graph.cell.gives_feedback = False
    handle = moving_to_stow(graph)
    graph.cell.pushed = 0.12
    pushed = len(graph.cell.visited) + 5
    graph.caller.until(lambda: len(graph.cell.visited) > pushed, "stands")
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
    assert len(graph.cell.trajectories) == 1 and graph.cell.cancelled == 1
    require_at_rest_on_the_way(graph)


def test_a_defect_while_the_arm_moves_brakes_it_too(graph, monkeypatch):
    handle = moving_to_stow(graph)
    monkeypatch.setattr(Progress, "check", lambda *_: 1 // 0)
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.INTERNAL_ERROR
    require_at_rest_on_the_way(graph)


def test_a_controller_that_hears_of_a_stop_first_and_refuses_is_no_failure_of_its_own(graph):
    graph.cell.stops_at_goal = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.STOPPED, result.outcome.message
    assert np.array_equal(graph.cell.positions, HOME)


def test_a_controller_that_takes_no_braking_motion_is_told_to_cancel(graph):
    handle = moving_to_stow(graph)
    graph.cell.refuse = True
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
    assert graph.cell.cancelled == 1
    require_at_rest_on_the_way(graph)


def test_a_defect_of_the_braking_leaves_no_motion_under_way(graph, monkeypatch):
    handle = moving_to_stow(graph)
    monkeypatch.setattr(Paced, "change", lambda *_: 1 // 0)
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
    assert graph.cell.cancelled == 1
    require_at_rest_on_the_way(graph)


def test_a_change_that_is_taken_unheard_is_not_left_alone(graph, monkeypatch):
    """The controller goes over to it, and its acceptance never comes."""
    controller = graph.node._arm._controller
    handle, send = moving_to_stow(graph), controller.send

    def unheard(request, timeout=None):
        send(request)
        raise DeadlineError("the acceptance did not come")

    monkeypatch.setattr(controller, "send", unheard)
    graph.cell.allowed = 0.5
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.TIMEOUT, result.outcome.message
    require_at_rest_on_the_way(graph)


def test_an_arm_whose_joint_states_fall_silent_is_stopped(ros):
    with running(Graph(max_state_age=1.0)) as graph:
        graph.cell.allowed = 0.1
        graph.caller.until(lambda: graph.node._permit.speed == 0.1, "never told to be slow")
        handle = moving_to_stow(graph)
        graph.cell.states_silent = True
        result = graph.caller.wait(handle.get_result_async()).result
        assert result.outcome.code == Outcome.STALE_INPUT, result.outcome.message
        require_at_rest_on_the_way(graph)


def test_an_arm_with_a_part_whose_pads_fall_silent_is_stopped(ros):
    with running(Graph(max_state_age=1.0)) as graph:
        grasp = graph.show()
        graph.cell.part_width = WIDTH
        assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
        graph.cell.allowed = 0.1
        graph.caller.until(lambda: graph.node._permit.speed == 0.1, "never told to be slow")
        graph.caller.phases.clear()
        handle = graph.caller.send(Place, Place.Goal(destination="tray"))
        graph.caller.until(lambda: "move" in graph.caller.phases, "never moved")
        graph.cell.pads_silent = True
        result = graph.caller.wait(handle.get_result_async()).result
        assert result.outcome.code == Outcome.STALE_INPUT and "wrench" in result.outcome.message
        assert graph.cell._arm is None
        assert graph.node._held_part().object_id == PART


def test_an_arm_whose_speeds_nobody_tells_is_known_to_stand_by_its_positions(graph):
    graph.cell.tells_speeds = False
    handle = moving_to_stow(graph)
    graph.caller.wait(handle.cancel_goal_async())
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED, result.outcome.message
    require_at_rest_on_the_way(graph)
    before = graph.cell.positions.copy()
    graph.caller.until(lambda: graph.node._arm.positions() is not None, "no state")
    assert np.abs(graph.cell.positions - before).max() < 1e-6


def test_a_hand_that_opens_on_the_way_stops_with_the_arm(graph):
    # from far enough that the arm does not wait for the fingers
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow")).outcome.code == Outcome.SUCCESS
    grasp = graph.show()
    graph.cell.hand_speed = 0.0002
    handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
    graph.caller.until(lambda: graph.cell._hand is not None and graph.cell._arm is not None, "never moved")
    graph.cell.stopped = True
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STOPPED, result.outcome.message
    graph.caller.until(lambda: graph.cell._hand is None, "the fingers go on")
    assert graph.cell.opening > grasp.opening + 0.01


def test_what_moved_before_the_node_was_there_is_ended_before_its_first_motion(graph):
    names, stow = list(CELL.robot.joint_names), CELL.robot.configuration("stow")
    point = JointTrajectoryPoint(positions=stow.tolist(), velocities=[0.0] * 6)
    point.time_from_start.sec = 30
    start = JointTrajectoryPoint(positions=HOME.tolist(), velocities=[0.0] * 6)
    left = FollowJointTrajectory.Goal(trajectory=JointTrajectory(joint_names=names, points=[start, point]))
    client = ActionClient(graph.caller, FollowJointTrajectory, CELL.robot.trajectory_action)
    assert client.wait_for_server(timeout_sec=WAIT)
    assert graph.caller.wait(client.send_goal_async(left)).accepted
    graph.caller.until(lambda: np.abs(graph.cell.positions - HOME).max() > 0.002, "never moved")
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert graph.cell.cancelled == 1


def test_a_controller_with_another_clock_is_refused(graph):
    """It would begin to brake when its own clock says so."""
    graph.cell.ahead = -0.3
    lags = graph.node._arm._states._lags[CELL.robot.joint_names]
    graph.caller.until(lambda: min(map(abs, lags)) > 0.2, "no such state")
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.STALE_INPUT and "synchronise" in result.outcome.message
    assert not graph.cell.trajectories


def test_a_node_whose_arm_still_works_is_not_taken_apart(graph):
    graph.cell.frozen = True
    handle = graph.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    graph.caller.until(lambda: graph.cell.trajectories, "never began")
    graph.node.trigger_deactivate()
    assert graph.node.trigger_cleanup() == TransitionCallbackReturn.FAILURE
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.UNAVAILABLE, result.outcome.message
    graph.caller.until(lambda: not graph.node._busy.locked(), "still busy")
    assert graph.node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS


def test_a_search_without_an_end_is_ended(ros, monkeypatch):
    def endless(start, goal, options):
        while not options.cancelled():
            pass

    with running(Graph(planning_timeout=0.2)) as graph:
        monkeypatch.setattr(graph.node._robot.planner, "plan_joint", endless)
        result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
        assert result.outcome.code == Outcome.TIMEOUT and "within 0.2 s" in result.outcome.message


@pytest.fixture
def cautious(ros):
    yield from started(Graph(confirm_first=True, first_speed=0.2, confirm_timeout=30.0))


def confirm(graph):
    client = next(
        (each for each in graph.caller.clients if each.srv_name == "/motion/confirm"), None
    ) or graph.caller.create_client(Trigger, "/motion/confirm")
    assert client.wait_for_service(timeout_sec=WAIT)
    return graph.caller.wait(client.call_async(Trigger.Request()))


def test_the_first_motion_waits_for_a_person_and_is_slow(cautious):
    goal = MoveTo.Goal(configuration="stow")
    pending = cautious.caller.send(MoveTo, goal)
    cautious.caller.until(lambda: cautious.node._busy.locked(), "the action did not begin")
    assert cautious.cell.trajectories == []
    cautious.caller.until(lambda: confirm(cautious).success, "it does not wait")
    first = cautious.caller.wait(pending.get_result_async()).result
    assert first.outcome.code == Outcome.SUCCESS, first.outcome.message
    second = cautious.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert second.outcome.code == Outcome.SUCCESS, second.outcome.message
    slow, usual = cautious.cell.durations
    assert slow > 2.0 * usual


def test_only_what_waits_can_be_confirmed(cautious):
    early = confirm(cautious)
    assert not early.success and early.message == "no action waits to be confirmed"


def test_what_nobody_confirms_can_be_cancelled_and_moves_nothing(cautious):
    pending = cautious.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    cautious.caller.until(lambda: cautious.node._busy.locked(), "the action did not begin")
    cautious.caller.wait(pending.cancel_goal_async())
    result = cautious.caller.wait(pending.get_result_async()).result
    assert result.outcome.code == Outcome.CANCELLED
    assert cautious.cell.trajectories == []
