"""Moving the arm by hand: small, straight, and only while somebody holds the key."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from lab_interfaces.action import Jog, MoveTo
from lab_interfaces.msg import Outcome
from motion_graph import CELL, HOME
from std_msgs.msg import String

from lab_node.qos import RELIABLE


class Key:
    """Held until it is let go: told twenty times a second."""

    def __init__(self, graph, name="mine") -> None:
        self.name, self._ended = name, threading.Event()
        self._publisher = graph.caller.create_publisher(String, "/motion/jog_key", RELIABLE)
        graph.caller.until(lambda: self._publisher.get_subscription_count() > 0, "nobody hears the key")
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def let_go(self) -> None:
        self._ended.set()

    def _tell(self) -> None:
        while not self._ended.wait(0.05):
            self._publisher.publish(String(data=self.name))


def step(x=0.0, y=0.0, z=0.0, turn=0.0, key="mine") -> Jog.Goal:
    goal = Jog.Goal(key=key, turn=turn)
    goal.offset.x, goal.offset.y, goal.offset.z = x, y, z
    return goal


def tool(positions) -> np.ndarray:
    robot = CELL.robot
    joints = dict(zip(robot.joint_names, positions, strict=True))
    return (
        robot.forward({**dict.fromkeys(robot.moving, 0.0), **joints})[robot.tool_link][0] @ CELL.tool_from_tcp
    )


def under_way(graph, goal):
    """The future result of a step that moves. Where the machine pauses, the key counts as let go before."""
    for _ in range(20):
        result = graph.caller.send(Jog, goal).get_result_async()
        graph.caller.until(
            lambda result=result: result.done() or np.abs(graph.cell.velocities).max() > 0.01, "no end"
        )
        if not result.done():
            return result
    raise AssertionError(f"it does not move: {result.result().result.outcome.message}")


def run(graph, goal):
    """The result of a step whose key was heard: its first word may come after the goal."""
    for _ in range(20):
        result = graph.caller.run(Jog, goal)
        if "key" not in result.outcome.message:
            break
    return result


def test_a_step_is_straight_and_slow(graph):
    with Key(graph):
        result = run(graph, step(y=0.03, z=0.04))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert [stage.stage for stage in result.stages] == ["plan", "jog"]
    before, after = tool(HOME), tool(graph.cell.positions)
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.0, 0.03, 0.04], atol=1e-3)
    np.testing.assert_allclose(after[:3, :3], before[:3, :3], atol=5e-3)
    way = np.array([tool(each)[:3, 3] for each in graph.cell.trajectories[-1]]) - before[:3, 3]
    assert np.abs(way[:, 0]).max() < 1e-3, "not straight"
    assert graph.cell.durations[-1] > 0.05 / 0.05, "faster than the tool may be by hand"


def test_a_turn_keeps_the_tool_where_it_is(graph):
    with Key(graph):
        result = run(graph, step(turn=-0.2))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    before, after = tool(HOME), tool(graph.cell.positions)
    np.testing.assert_allclose(after[:3, 3], before[:3, 3], atol=1e-3)
    turned = after[:3, :3] @ before[:3, :3].T
    assert math.atan2(turned[1, 0], turned[0, 0]) == pytest.approx(-0.2, abs=5e-3)


@pytest.mark.parametrize("held", [None, "another"])
def test_without_the_key_nothing_moves(graph, held):
    if held is None:
        result = graph.caller.run(Jog, step(z=0.03))
    else:
        with Key(graph, held):
            result = graph.caller.run(Jog, step(z=0.03))
    assert result.outcome.code in (Outcome.UNAVAILABLE, Outcome.CANCELLED), result.outcome.message
    assert "key" in result.outcome.message
    assert graph.cell.trajectories == []


def test_who_vanishes_stops_the_arm_without_a_jump(graph):
    with Key(graph) as key:
        moving = under_way(graph, step(z=0.05))
        key.let_go()
        result = graph.caller.wait(moving).result
    assert result.outcome.code == Outcome.CANCELLED and "key was let go" in result.outcome.message
    graph.caller.until(lambda: np.abs(graph.cell.velocities).max() < 1e-6, "it does not stand")
    assert tool(graph.cell.positions)[2, 3] - tool(HOME)[2, 3] < 0.045
    # at 0.05 m/s of the tool no joint goes 0.02 rad in one period of 10 ms, unless it jumps
    assert np.abs(np.diff(np.array(graph.cell.visited), axis=0)).max() < 0.02
    assert graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow")).outcome.code == Outcome.SUCCESS


@pytest.mark.parametrize(
    "goal",
    [
        {},
        {"x": 0.051},
        {"x": 0.04, "y": 0.04},
        {"turn": 0.31},
        {"z": math.nan},
        {"turn": math.inf},
        {"x": 1e300},
    ],
)
def test_what_is_no_small_step_is_refused(graph, goal):
    with Key(graph):
        result = graph.caller.run(Jog, step(**goal))
    assert result.outcome.code == Outcome.INVALID_REQUEST, result.outcome.message
    assert graph.cell.trajectories == []


def test_a_step_into_something_is_refused(graph):
    """A part that reaches up to the hand, 3 cm beside it."""
    x, y, z = tool(HOME)[:3, 3]
    graph.show(x=x, y=y + 0.03 + 0.06, size=(0.1, 0.06, z + 0.1))
    with Key(graph):
        result = run(graph, step(y=0.05))
    assert result.outcome.code not in (Outcome.SUCCESS, Outcome.CANCELLED)
    assert "part_1" in result.outcome.message, result.outcome.message
    assert graph.cell.trajectories == []


def test_a_stop_ends_a_step(graph):
    with Key(graph):
        moving = under_way(graph, step(z=0.05))
        graph.cell.stopped = True
        result = graph.caller.wait(moving).result
        assert result.outcome.code == Outcome.STOPPED, result.outcome.message
        assert graph.caller.run(Jog, step(z=0.02)).outcome.code == Outcome.STOPPED
