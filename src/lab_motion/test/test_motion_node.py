"""The node with real messages and actions: what it does."""

from __future__ import annotations

import numpy as np
import pytest
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Outcome
from motion_graph import CELL, PART, WIDTH, Graph, started

from lab_description import load_cell
from lab_node.conversions.poses import matrix_from_pose


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
    yield from started(Graph(cell, cell=str(path)))


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


def test_what_was_gripped_when_a_pick_was_cancelled_is_known_and_can_be_placed(graph):
    grasp = graph.show()
    graph.cell.part_width = WIDTH
    graph.caller.phases.clear()
    handle = graph.caller.send(Pick, Pick.Goal(grasps=[grasp]))
    graph.caller.until(lambda: "verify" in graph.caller.phases, "never closed")
    graph.caller.wait(handle.cancel_goal_async())
    assert graph.caller.wait(handle.get_result_async()).result.outcome.code == Outcome.CANCELLED
    assert graph.node._robot.scene.held.id == PART
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


def test_arm_and_gripper_may_publish_their_joints_in_turns(graph):
    """Two drivers have two broadcasters: a state of the gripper is none of the arm."""
    graph.cell.in_turns = True
    result = graph.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message


def test_a_node_that_starts_with_a_part_in_the_hand_knows_it(graph):
    graph.node.trigger_deactivate()
    graph.cell.part_width = graph.cell.opening = WIDTH
    graph.cell._force = 20.0
    graph.caller.until(lambda: graph.node._robot.hand.reading().force > 10.0, "no force is felt")
    graph.node.trigger_activate()
    graph.caller.until(lambda: graph.node._robot.grip is not None, "it did not feel the part")
    assert graph.node._robot.grip.opening == pytest.approx(WIDTH, abs=1e-3)
    assert graph.caller.run(Place, Place.Goal(destination="bin")).outcome.code == Outcome.SUCCESS
