"""Parameters that are set while the motion node runs: each by its effect at the next action."""

from __future__ import annotations

import pytest
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Outcome
from motion_graph import CELL, WIDTH, Graph, started
from rclpy.parameter import Parameter

from lab_core.parameters import fields_of
from lab_motion.motion_parameters import MotionParameters, motion_settings
from lab_motion.skills.manipulator import MotionSettings

LIVE = {name for name, field in fields_of(MotionParameters).items() if field.metadata["live"]}
SETTINGS = set(MotionSettings.__slots__)


def put(graph: Graph, name: str, value: object):
    return graph.node.set_parameters([Parameter(name, value=value)])[0]


def move(graph: Graph, configuration: str) -> float:
    """Moves there; the planned duration, seconds."""
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration=configuration))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    return graph.cell.durations[-1]


@pytest.mark.parametrize("name", ["speed", "acceleration"])
def test_the_next_motion_has_the_share_that_was_set(graph, name):
    quick = move(graph, "stow")
    assert put(graph, name, 0.3).successful
    assert move(graph, "home") > 1.3 * quick


def test_what_the_skills_are_told_is_that_of_the_next_action(graph):
    """Each live parameter of the skills, at another value than its default."""
    fields = fields_of(MotionParameters)
    changed = sorted(LIVE & SETTINGS)
    assert changed == sorted(SETTINGS - {"seed", "miss"})
    for name in changed:
        metadata = fields[name].metadata
        value = metadata["minimum"] if metadata["minimum"] > 0.0 else metadata["maximum"]
        assert value != fields[name].default
        assert put(graph, name, float(value)).successful
    before = graph.node._robot.settings
    assert before.lift_height == MotionParameters().lift_height  # nothing has begun yet
    graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    now = graph.node._robot.settings
    assert now == motion_settings(graph.node.parameters, CELL)
    for name in changed:
        assert getattr(now, name) != getattr(before, name), name


def test_the_force_of_the_next_grip_is_the_one_that_was_set(graph):
    graph.cell.part_width = WIDTH
    assert put(graph, "force", 12.0).successful
    result = graph.caller.run(Pick, Pick.Goal(grasps=[graph.show()]))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert result.held_force == pytest.approx(12.0, abs=3.0)


def test_the_length_of_straight_ways_is_the_one_that_was_set(graph):
    graph.cell.part_width = WIDTH
    assert put(graph, "lift_height", 0.03).successful
    assert put(graph, "straight_speed", 0.05).successful
    result = graph.caller.run(Pick, Pick.Goal(grasps=[graph.show()]))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    planner, lift = graph.node._planner, graph.cell.trajectories[-1]
    ends = [planner.forward(lift[k])[2, 3] for k in (0, -1)]
    assert ends[1] - ends[0] == pytest.approx(0.03, abs=2e-3)
    assert graph.cell.durations[-1] > 0.03 / 0.05


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("max_scene_age", "the limit is 0.0 s"), ("max_view_age", "the limit is 0.1 s")],
)
def test_ages_count_from_the_next_pick_on(graph, name, sentence):
    grasp = graph.show()
    assert put(graph, name, 0.0 if name == "max_scene_age" else 0.1).successful
    clock, shown = graph.node.get_clock(), graph.node.get_clock().now()
    graph.caller.until(lambda: (clock.now() - shown).nanoseconds > 3e8, "the clock stands still")
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.STALE_INPUT
    assert sentence in result.outcome.message


@pytest.fixture
def first(ros):
    yield from started(Graph(first_speed=1.0, confirm_first=True, confirm_timeout=60.0))


def test_first_speed_is_that_of_the_first_action(first):
    """It is read when the action begins, not when the node is configured."""
    assert put(first, "first_speed", 0.2).successful
    assert first.node._settings_now().speed == 0.2
    first.node._first = False
    assert first.node._settings_now().speed == 1.0


def test_the_wait_for_a_scene_after_a_stop_is_the_one_that_was_set(graph):
    assert put(graph, "look_timeout", 0.1).successful
    graph.cell.stopped = True
    graph.caller.until(lambda: graph.node._permit.stopped() is not None, "no stop")
    graph.cell.stopped = False
    graph.caller.until(lambda: graph.node._permit.stopped() is None, "no reset")
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.STALE_INPUT
    assert "in 0.1 s" in result.outcome.message


@pytest.mark.parametrize(("name", "value"), [("seed", 7), ("max_stop_age", 9.0), ("embedded.samples", 50)])
def test_what_is_read_when_the_node_is_configured_is_refused(graph, name, value):
    refused = put(graph, name, value)
    assert not refused.successful
    assert refused.reason.startswith(f"'{name}' of /motion is read when the node is configured:")


def test_the_planners_parameters_are_declared_and_reach_it(ros):
    graph = Graph(**{"embedded.samples": 123, "embedded.margin": 0.004})
    try:
        graph.node.trigger_configure()
        assert graph.node.get_parameter("embedded.attempts").value == 6
        assert graph.node._planner._search.samples == 123
        assert graph.node._planner._parameters.margin == 0.004
    finally:
        graph.close()
