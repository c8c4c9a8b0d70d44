"""What the whole cell gets over by itself, and that it never loses count of the parts."""

from __future__ import annotations

import os

import pytest
from cell_run import ROOT, running_cell
from faulty_topics import COLOR, DEPTH, FaultyTopics
from lab_node.actions import wait_for
from lab_simulation.ros_interface_versions import state_request
from simulation_interfaces.msg import EntityState
from simulation_interfaces.srv import SetEntityState

from lab_interfaces.action import ClearTable
from lab_interfaces.msg import Outcome

ARGUMENTS = {"scene": "scattered", "parts": "6", "seed": "11", "speed": "1"}
MOVING = 0.3  # rad/s of the fastest joint
WAIT = 240.0


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A client of one cell for all tests, with the sensors' topics led through `client.topics`."""
    before = os.environ.get("ROS_DOMAIN_ID")
    os.environ["ROS_DOMAIN_ID"] = "67"

    def lead_through(client):
        client.topics = FaultyTopics()
        client.spin_too(client.topics)

    launch_file, log = ROOT / "test" / "faulty_cell.launch.py", tmp_path_factory.mktemp("cell") / "log"
    with running_cell(launch_file, ARGUMENTS, log, lead_through) as (_, client):
        yield client
    if before is not None:
        os.environ["ROS_DOMAIN_ID"] = before


def clear_one(cell, step, disturb):
    """The result of moving one part, disturbed in a step of it, and the outcomes of its attempts."""
    cell.attempts.clear()
    ended = cell.send("/clear_table", ClearTable.Goal(max_parts=1)).get_result_async()
    cell.until(lambda: step in cell.phases or ended.done(), WAIT, f"step {step}")
    assert not ended.done(), ended.result().result.outcome.message
    disturb()
    result = wait_for(ended, WAIT, "result").result
    assert result.placed == 1, result.outcome.message
    assert result.presented == result.placed + len(result.left) + result.lost
    return result, [attempt.outcome.code for attempt in cell.attempts]


def until_moving(cell):
    since = cell.time()
    cell.until(lambda: cell.speeds[-1][0] > since and cell.speeds[-1][1] > MOVING, WAIT, "motion")


def put(cell, name, x, y):
    """What a person's hand does to a part."""
    client = cell.node.create_client(SetEntityState, "/simulator/set_entity_state")
    assert client.wait_for_service(20.0)
    state = EntityState()
    state.pose.position.x, state.pose.position.y, state.pose.position.z = x, y, 0.05
    answer = cell.call(client, state_request(name, state))
    assert answer.result.result == answer.result.RESULT_OK, answer.result.error_message


def in_tray(cell):
    return {
        n for n, (x, y, _) in cell.part_positions().items() if abs(x - 0.05) < 0.21 and abs(y - 0.5) < 0.16
    }


def test_a_part_that_falls_out_of_the_hand_on_its_way(cell):
    before = in_tray(cell)

    def take_away():
        until_moving(cell)
        highest = max(cell.part_positions().items(), key=lambda part: part[1][2])
        assert highest[1][2] > 0.06, "nothing is lifted"
        put(cell, highest[0], 0.45, 0.0)

    _, outcomes = clear_one(cell, "place", take_away)
    assert Outcome.OBJECT_LOST in outcomes
    assert outcomes[-1] == Outcome.SUCCESS
    assert len(in_tray(cell) - before) == 1


def test_a_part_that_is_moved_away_under_the_hand(cell):
    before = in_tray(cell)

    def move_aside():
        until_moving(cell)
        wanted = cell.status.peek().object_id
        seen = next(o.box.center.position for o in cell.scene.peek().objects if o.id == wanted)
        parts = cell.part_positions()
        name = min(parts, key=lambda n: abs(parts[n][0] - seen.x) + abs(parts[n][1] - seen.y))
        put(cell, name, 0.62, 0.2)

    _, outcomes = clear_one(cell, "pick", move_aside)
    assert outcomes[0] in (Outcome.GRASP_EMPTY, Outcome.OBJECT_LOST)
    assert outcomes[-1] == Outcome.SUCCESS
    assert len(in_tray(cell) - before) == 1


def test_a_camera_that_drops_out_for_three_seconds(cell):
    before = in_tray(cell)

    def drop():
        cell.topics.spoil([COLOR, DEPTH], "drop")
        since = cell.time()
        cell.until(lambda: cell.time() - since > 3e9, WAIT, "three seconds")
        cell.topics.spoil([COLOR, DEPTH], "")

    _, outcomes = clear_one(cell, "look again", drop)
    assert outcomes == [Outcome.SUCCESS]
    assert len(in_tray(cell) - before) == 1
