"""The node with real messages and actions: what it knows when it could not see, or was not there."""

from __future__ import annotations

import pytest
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Outcome, Scene
from motion_graph import CELL, PART, WIDTH, Graph, running, started
from rclpy.lifecycle import TransitionCallbackReturn

from lab_description import load_cell
from lab_node.conversions.poses import matrix_from_pose


@pytest.fixture
def strict(ros):
    yield from started(Graph(max_state_age=1.0))


def pick_with_silent_pads(graph, part_width):
    """A pick whose closing nobody sees the end of."""
    grasp = graph.show()
    graph.cell.part_width = part_width
    graph.caller.phases.clear()
    handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
    graph.caller.until(lambda: "close" in graph.caller.phases, "never closed")
    graph.cell.pads_silent = True
    result = graph.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STALE_INPUT, result.outcome.message


def test_a_part_that_was_gripped_unseen_is_known_as_soon_as_the_pads_feel_again(strict):
    pick_with_silent_pads(strict, WIDTH)
    assert strict.node._held_part().object_id == PART  # it may be in the hand
    moved = strict.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert moved.outcome.code == Outcome.STALE_INPUT  # with what?
    strict.cell.pads_silent = False
    strict.caller.until(lambda: strict.node._robot.doubt is None, "nobody looked at the hand")
    assert strict.node._robot.scene.held.id == PART
    placed = strict.caller.run(Place, Place.Goal(destination="tray"))
    assert placed.outcome.code == Outcome.SUCCESS, placed.outcome.message


def test_a_hand_that_closed_on_nothing_unseen_is_empty_again(strict):
    pick_with_silent_pads(strict, None)
    strict.cell.pads_silent = False
    strict.caller.until(lambda: strict.node._robot.doubt is None, "nobody looked at the hand")
    assert strict.node._held_part().object_id == ""
    strict.cell.part_width = WIDTH
    assert strict.caller.run(Pick, Pick.Goal(grasps=[strict.show()])).outcome.code == Outcome.SUCCESS


def slot_of(result):
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    released = matrix_from_pose(result.pose.pose)[:2, 3]
    slots = CELL.destinations["tray"].slots()
    return min(range(len(slots)), key=lambda i: abs(slots[i][:2, 3] - released).max())


def pick_and_place(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    assert graph.caller.run(Pick, Pick.Goal(grasps=[grasp])).outcome.code == Outcome.SUCCESS
    result = graph.caller.run(Place, Place.Goal(destination="tray"))
    graph.cell.part_width = None
    return slot_of(result)


def test_a_node_that_is_started_anew_knows_what_lies_in_the_tray(ros, tmp_path):
    kept = str(tmp_path / "placed.json")
    with running(Graph(placed_file=kept)) as graph:
        assert pick_and_place(graph) == 0
    with running(Graph(placed_file=kept)) as graph:
        assert [part.id for part in graph.node._robot.placed] == ["part in place 0 of tray"]
        assert pick_and_place(graph) == 1
        graph.node.trigger_deactivate()
        graph.node.trigger_activate()  # by somebody who has emptied the tray
        assert pick_and_place(graph) == 0


def test_a_file_of_placed_parts_that_says_nothing_refuses_to_configure(ros, tmp_path, capfd):
    kept = tmp_path / "placed.json"
    kept.write_text('{"taken": {"tray": [0]}', encoding="utf-8")
    graph = Graph(placed_file=str(kept))
    assert graph.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "empty the trays and remove it" in capfd.readouterr().err
    graph.close()


@pytest.fixture
def numb_file(tmp_path):
    """A cell whose pads feel nothing."""
    text = CELL.files["cell"].read_text(encoding="utf-8")
    (tmp_path / "cells").mkdir()
    path = tmp_path / "cells" / "numb.yaml"
    path.write_text(text.replace("{model: robotiq_2f85,", "{model: robotiq_2f85, tactile: false,"), "utf-8")
    return path


@pytest.mark.parametrize(("part", "code"), [(WIDTH, Outcome.SUCCESS), (None, Outcome.OBJECT_LOST)])
def test_without_pads_fingers_that_stand_half_open_at_the_start_may_hold_a_part(ros, numb_file, part, code):
    graph = Graph(load_cell(numb_file), cell=str(numb_file))
    graph.cell.part_width, graph.cell.opening = part, WIDTH + 0.01
    with running(graph):
        graph.caller.until(lambda: graph.node._held_part().object_id == "unknown_part", "it suspects nothing")
        result = graph.caller.run(Place, Place.Goal(destination="bin"))
        assert result.outcome.code == code, result.outcome.message


def test_a_look_that_failed_is_not_an_empty_table(graph):
    grasp = graph.show(beside=0.05 + WIDTH)
    failed = Scene()
    failed.header.frame_id, failed.header.stamp = "base_link", graph.node.get_clock().now().to_msg()
    failed.outcome.code = Outcome.NO_DEPTH
    graph.node._scenes._take(failed)
    grasp.header.stamp.nanosec ^= 1  # of another scene: the newest is taken
    result = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
    assert result.outcome.code == Outcome.GOAL_IN_COLLISION, result.outcome.message


def test_a_pick_neither_begins_nor_comes_to_the_part_when_nobody_looks(ros):
    with running(Graph(max_view_age=1.0)) as graph:
        grasp = graph.show()
        handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
        graph.caller.until(lambda: graph.cell.trajectories, "never moved")
        result = graph.caller.wait(handle.get_result_async()).result
        assert result.outcome.code == Outcome.STALE_INPUT and "camera" in result.outcome.message
        sent = len(graph.cell.trajectories)
        again = graph.caller.run(Pick, Pick.Goal(grasps=[grasp]))
        assert again.outcome.code == Outcome.STALE_INPUT and len(graph.cell.trajectories) == sent
