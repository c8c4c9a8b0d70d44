"""The node with real messages and actions: stops, cancels, the first motion."""

from __future__ import annotations

import numpy as np
import pytest
from lab_motion.planner import MotionOptions, PlanningScene
from motion_graph import CELL, HOME, WAIT, Graph, started
from std_srvs.srv import Trigger

from lab_interfaces.action import MoveTo
from lab_interfaces.msg import Outcome


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


@pytest.fixture
def cautious(ros):
    yield from started(Graph(confirm_first=True, first_speed=0.2, confirm_timeout=30.0))


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
