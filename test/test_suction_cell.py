"""A cell with a suction cup: two flat parts, and what people and faults do to the one on the cup."""

import os
import signal

import pytest
from lab_interfaces.action import Place
from lab_interfaces.msg import Outcome
from std_srvs.srv import SetBool

from cell_client import clearing
from cell_run import ROOT, running_cell
from hands import delete_part
from lab_description import load_cell
from lab_node.actions import wait_for
from lab_node.conversions.outcomes import name_of
from lab_recorder.case import load_case
from lab_recorder.replay import replay
from true_parts import denied, true_parts

CELL = load_cell("ur5e_suction")
# seconds of the cell's clock within which the arm stands after a stop
STOPS = 0.2
WAIT = 240.0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A cell for all tests, its client and its record; they follow on from one another."""
    folder = tmp_path_factory.mktemp("suction")
    arguments = {
        "robot": "ur5e",
        "cell": "ur5e_suction",
        "scene": "flat",
        "parts": "2",
        "seed": "3",
        "look": "plain",
        "speed": "1",
        "record": str(folder / "record"),
    }
    launch_file = ROOT / "launch" / "cell.launch.py"
    with running_cell(launch_file, arguments, folder / "log", cell="ur5e_suction", domain="74") as run:
        yield *run, folder / "record"


def hanging(cell):
    """The part at the lip, by the simulator; empty when there is none above the table."""
    positions = {name: p for name, p in cell.part_positions().items() if p[2] > 0.05}
    return next(iter(cell.at_the_tcp(positions)), "")


def placed(cell):
    """Names of the parts that lie in a destination, by the simulator."""
    return true_parts(cell, CELL).delivered


def held(cell):
    return cell.held.peek().object_id


def test_1_a_stop_keeps_the_part_on_the_cup(run):
    _, cell, _ = run
    result = cell.pick_best()
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert result.held_width == 0.0
    assert result.held_force == pytest.approx(CELL.end_effector.maximum_force, rel=0.4)
    part = hanging(cell)
    assert part and held(cell)
    handle = cell.send("/place", Place.Goal(destination="tray"))
    cell.until(lambda: "move" in cell.phases and cell.speeds[-1][1] > 0.3, WAIT, "motion")
    cell.stop()
    stopped = cell.time()
    result = wait_for(handle.get_result_async(), WAIT, "result").result
    assert result.outcome.code == Outcome.STOPPED, result.outcome.message
    assert cell.seconds_until_still(stopped) <= STOPS
    assert hanging(cell) == part and held(cell)


def test_2_a_motion_node_that_is_started_anew_knows_what_hangs_on_the_cup(run):
    cell_run, cell, _ = run
    part, died = hanging(cell), cell.time()
    os.kill(cell_run.pid("motion"), signal.SIGKILL)
    cell.until(
        lambda: (told := cell.held.peek()) and told.header.stamp.sec * 10**9 > died and told.object_id,
        WAIT,
        "word of the new motion node",
    )
    assert hanging(cell) == part
    cell.until_active()
    cell.reset()
    result = cell.ask("/place", Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert placed(cell) == {part} and not held(cell)


def test_3_a_vacuum_that_goes_on_the_way_is_a_part_that_is_lost(run):
    _, cell, _ = run
    result = cell.pick_best()
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    handle = cell.send("/place", Place.Goal(destination="tray"))
    cell.until(lambda: "move" in cell.phases and cell.speeds[-1][1] > 0.1, WAIT, "motion")
    assert cell.call(cell.client(SetBool, "/suction/switch"), SetBool.Request(data=False)).success
    result = wait_for(handle.get_result_async(), WAIT, "result").result
    assert result.outcome.code == Outcome.OBJECT_LOST, result.outcome.message
    assert "the lip leaks" in result.outcome.message and "36 kPa are needed" in result.outcome.message
    assert not held(cell) and not hanging(cell)


def test_4_a_pick_of_a_part_that_is_gone_is_saved_and_replayed(run):
    _, cell, record = run
    cell.spawn("part://plate?x=0.06&y=0.05&z=0.02", 0.5, -0.05, 0.011)
    cell.attempts.clear()
    cell.send("/run_order", clearing(max_parts=1))
    cell.until(lambda: "pick" in cell.phases and cell.speeds[-1][1] > 0.1, WAIT, "motion")
    for part in cell.part_positions().keys() - placed(cell):
        delete_part(cell, part)
    attempt = cell.until(lambda: cell.attempts, WAIT, "attempt")[0]
    assert name_of(attempt.outcome) in ("GRASP_EMPTY", "OBJECT_LOST"), attempt.outcome.message
    folder = record / "cases" / "001"
    cell.until((folder / "case.json").is_file, WAIT, "case")
    comparisons = replay(load_case(folder))
    assert [item for item in comparisons if not item.same] == []
    assert {item.stage for item in comparisons} == {"perception", "grasping", "planning"}


def test_5_flat_parts_are_placed_and_the_simulator_agrees(run):
    _, cell, _ = run
    cell.until(lambda: cell.status.peek().phase == "done", WAIT, "end of the task before")
    for y in (-0.1, 0.1):
        cell.spawn("part://disc?diameter=0.05&height=0.02", 0.5, y, 0.011)
    before = true_parts(cell, CELL)
    result = cell.ask("/run_order", clearing())
    assert denied(result, before, true_parts(cell, CELL)) == ""
    assert result.placed == 2, result.outcome.message
