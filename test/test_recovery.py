"""What the whole cell gets over by itself, and that its books agree with what is true."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
import yaml
from lab_interfaces.action import Pick
from lab_interfaces.msg import Outcome, Scene

from cell_client import clearing
from cell_run import ROOT, running_cell
from faulty_topics import COLOR, DEPTH, FaultyTopics
from hands import controller_of, delete_part, emptiest_place, put_part, take_over
from lab_description import config_directory, load_cell
from lab_node.actions import wait_for
from true_parts import denied, true_parts

ARGUMENTS = {"look": "plain", "scene": "scattered", "seed": "11", "speed": "1", "record": "none"}
MOVING = 0.3  # rad/s of the fastest joint
WAIT = 240.0
BLOCKED = (Outcome.NO_GRASP_FOUND, Outcome.GOAL_IN_COLLISION, Outcome.NO_PATH, Outcome.PATH_NOT_STRAIGHT)


@contextmanager
def cell_of(domain, folder, **arguments):
    """A client of a cell, with its sensors led through `client.topics`, and the phases of its picks."""
    before = os.environ.get("ROS_DOMAIN_ID")
    os.environ["ROS_DOMAIN_ID"] = domain

    def lead_through(client):
        client.topics, client.pick_phases, client.last_seen = FaultyTopics(), [], {}
        client.spin_too(client.topics)
        client.node.create_subscription(
            Pick.Impl.FeedbackMessage,
            "/pick/_action/feedback",
            lambda message: client.pick_phases.append(message.feedback.phase),
            10,
        )
        client.node.create_subscription(
            Scene,
            "/scene/objects",
            lambda scene: client.last_seen.update({o.id: o.box.center.position for o in scene.objects}),
            10,
        )

    launch_file = ROOT / "test" / "faulty_cell.launch.py"
    with running_cell(launch_file, ARGUMENTS | arguments, folder / "log", lead_through) as (_, client):
        client.cell = load_cell(arguments.get("cell", "ur5e_table"))
        yield client
    if before is not None:
        os.environ["ROS_DOMAIN_ID"] = before


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """One cell for all tests but the first, which has ended its own."""
    with cell_of("67", tmp_path_factory.mktemp("cell"), parts="8") as client:
        yield client


def clear_one(cell, reached, disturb):
    """The result of moving one part, disturbed when `reached` is true, and the outcomes of its attempts."""
    cell.attempts.clear()
    cell.pick_phases.clear()
    before = true_parts(cell, cell.cell)
    ended = cell.send("/run_order", clearing(max_parts=1)).get_result_async()
    cell.until(lambda: reached() or ended.done(), WAIT, "step")
    assert not ended.done(), ended.result().result.outcome.message
    disturb()
    result = wait_for(ended, WAIT, "result").result
    assert result.placed == 1, result.outcome.message
    assert denied(result, before, true_parts(cell, cell.cell)) == ""
    return result, [attempt.outcome.code for attempt in cell.attempts]


def clear_all(cell):
    """The result of clearing the table."""
    before = true_parts(cell, cell.cell)
    result = cell.ask("/run_order", clearing())
    assert denied(result, before, true_parts(cell, cell.cell)) == ""
    return result


def in_step(cell, step):
    return lambda: step in cell.phases


def moving_in_step(cell, step):
    return lambda: step in cell.phases and cell.speeds[-1][1] > MOVING


def worked_on(cell):
    """The part that the task is after, where it was seen before the arm hid it."""
    seen = cell.last_seen[cell.status.peek().object_id]
    parts = cell.part_positions()
    return min(parts, key=lambda name: abs(parts[name][0] - seen.x) + abs(parts[name][1] - seen.y))


def test_a_full_tray_and_a_part_that_is_walled_in(tmp_path):
    described = yaml.safe_load((config_directory() / "cells" / "ur5e_table.yaml").read_text())
    described["destinations"]["tray"] |= {"columns": 1, "rows": 1}
    file = tmp_path / "one_place.yaml"
    file.write_text(yaml.safe_dump(described))
    with cell_of("56", tmp_path, cell=str(file), scene=str(ROOT / "config/scenes/empty.yaml")) as cell:
        for x, y in ((0.45, -0.15), (0.45, 0.15)):
            cell.spawn("part://box?x=0.04&y=0.04&z=0.04", x, y)
        assert clear_all(cell).outcome.code == Outcome.SUCCESS
        assert [a.destination for a in cell.attempts if a.destination] == ["tray", "bin"]

        cell.spawn("part://box?x=0.04&y=0.04&z=0.06&colour=red", 0.52, 0.0, 0.031)
        walls = {"blue": (0.074, -0.027), "green": (0.027, 0.074), "yellow": (-0.074, 0.027)}
        for colour, (x, y) in (walls | {"purple": (-0.027, -0.074)}).items():
            cell.spawn(f"part://box?x=0.1&y=0.1&z=0.09&colour={colour}", 0.52 + x, y, 0.046)
        walled_in = clear_all(cell)
        assert (walled_in.outcome.code, walled_in.placed) == (Outcome.OBJECTS_LEFT, 0)
        (why,) = (
            left.outcome
            for left in walled_in.left
            if abs(left.position.x - 0.52) < 0.03 > abs(left.position.y)
        )
        assert why.code in BLOCKED, why.message
        for name in true_parts(cell, cell.cell).table - {"spawned_3"}:
            delete_part(cell, name)
        freed = clear_all(cell)
        assert (freed.outcome.code, freed.placed) == (Outcome.SUCCESS, 1)


def test_a_part_that_falls_out_of_the_hand_on_its_way(cell):
    def take_away():
        highest = max(cell.part_positions().items(), key=lambda part: part[1][2])
        assert highest[1][2] > 0.06, "nothing is lifted"
        put_part(cell, highest[0], *emptiest_place(cell, cell.cell))

    result, outcomes = clear_one(cell, moving_in_step(cell, "place"), take_away)
    assert outcomes[0] == Outcome.OBJECT_LOST
    assert result.lost == 0


def test_a_part_that_falls_out_of_the_hand_while_it_is_lifted(cell):
    lifted = []

    def take_away():
        put_part(cell, lifted[0], *emptiest_place(cell, cell.cell))

    def off_the_table():
        if "lift" in cell.pick_phases:
            lifted[:] = [name for name, (_, _, z) in cell.part_positions().items() if z > 0.06]
        return lifted

    result, outcomes = clear_one(cell, off_the_table, take_away)
    assert outcomes[0] in (Outcome.OBJECT_LOST, Outcome.GRASP_EMPTY)
    assert result.lost == 0


def test_a_part_that_is_moved_away_under_the_hand(cell):
    def move_aside():
        put_part(cell, worked_on(cell), *emptiest_place(cell, cell.cell))

    result, outcomes = clear_one(cell, moving_in_step(cell, "pick"), move_aside)
    assert outcomes[0] in (Outcome.GRASP_EMPTY, Outcome.OBJECT_LOST)
    assert result.lost == 0


def test_a_gripper_that_closes_on_nothing_and_a_part_that_is_gone(cell):
    result, outcomes = clear_one(
        cell, lambda: "approach" in cell.pick_phases, lambda: delete_part(cell, worked_on(cell))
    )
    assert outcomes[0] == Outcome.GRASP_EMPTY
    assert (result.outcome.code, result.lost) == (Outcome.OBJECTS_LEFT, 1)
    assert "1 went out of view" in result.outcome.message


def test_a_controller_that_aborts(cell):
    controller = controller_of(cell, cell.cell)
    result, outcomes = clear_one(
        cell, moving_in_step(cell, "pick"), lambda: take_over(cell, controller, cell.cell)
    )
    assert len(outcomes) == 2
    assert result.lost == 0


def test_a_camera_that_drops_out_for_three_seconds(cell):
    def drop():
        cell.topics.spoil([COLOR, DEPTH], "drop")
        since = cell.time()
        cell.until(lambda: cell.time() - since > 3e9, WAIT, "three seconds")
        cell.topics.spoil([COLOR, DEPTH], "")

    _, outcomes = clear_one(cell, in_step(cell, "look again"), drop)
    assert len(outcomes) == 1
