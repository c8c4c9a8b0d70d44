"""A cell with tactile pads: it grips by what it feels, lowers until a part stands, notices one that goes."""

import numpy as np
import pytest
from geometry_msgs.msg import WrenchStamped
from lab_interfaces.action import Place
from lab_interfaces.msg import Outcome, TactilePad

from cell_run import ROOT, running_cell
from hands import delete_part
from lab_description import load_cell
from lab_description.touch import SIDES
from lab_node.actions import wait_for
from lab_node.qos import SENSOR
from true_parts import true_parts

CELL = load_cell("ur5e_touch")
STOPS = 0.2
WAIT = 240.0
# N on one pad: an aluminium can is dented by less than what a cell without touch grips with. A blow of one
# step of the physics, when stiff pads first touch, breaks nothing (as in `bench touch`).
CRUSHES, BLOW = 25.0, 3


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A cell for all tests and its client; they follow on from one another."""
    folder = tmp_path_factory.mktemp("touch")
    arguments = {
        "robot": "ur5e",
        "cell": "ur5e_touch",
        "scene": "empty",
        "seed": "3",
        "look": "plain",
        "speed": "1",
        "record": str(folder / "record"),
    }
    launch_file = ROOT / "launch" / "cell.launch.py"
    with running_cell(launch_file, arguments, folder / "log", cell="ur5e_touch", domain="77") as (_, cell):
        yield cell


@pytest.fixture(scope="module")
def pads(run):
    """What the simulator truly presses on each pad, N, and the samples of touch."""
    forces, samples = {side: [] for side in SIDES}, []
    for side, topic in CELL.gripper.wrench_topics.items():
        run.node.create_subscription(
            WrenchStamped,
            f"/{topic}",
            lambda message, told=forces[side]: told.append(abs(message.wrench.force.y)),
            SENSOR,
        )
    for topic in CELL.gripper.touch.topics.values():
        run.node.create_subscription(TactilePad, f"/{topic}", samples.append, SENSOR)
    return forces, samples


def largest(forces):
    """N that lasted for more than a blow."""
    return max(
        np.median(np.lib.stride_tricks.sliding_window_view(told, BLOW), axis=1).max()
        for told in forces.values()
    )


def in_the_hand(cell):
    """The part there; picked first where the tests before this one did not run."""
    held = cell.held.peek()
    if held is None or not held.object_id:
        cell.spawn("part://box?x=0.04&y=0.05&z=0.05", 0.5, 0.05, 0.026)
        result = cell.pick_best()
        assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    return cell.at_the_tcp(cell.part_positions())


def test_1_a_light_part_is_gripped_gently(run, pads):
    forces, samples = pads
    run.spawn("part://box?x=0.04&y=0.05&z=0.05", 0.5, 0.05, 0.026)
    result = run.pick_best()
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert run.at_the_tcp(run.part_positions())
    assert 0.0 < result.held_force < CRUSHES
    assert 0.0 < largest(forces) < CRUSHES
    assert samples and samples[-1].rows * samples[-1].columns == len(samples[-1].normal)


def test_2_a_stop_keeps_what_is_felt_in_the_hand(run):
    part = in_the_hand(run)
    handle = run.send("/place", Place.Goal(destination="tray"))
    run.until(lambda: "move" in run.phases and run.speeds[-1][1] > 0.3, WAIT, "motion")
    run.stop()
    stopped = run.time()
    result = wait_for(handle.get_result_async(), WAIT, "result").result
    assert result.outcome.code == Outcome.STOPPED, result.outcome.message
    assert run.seconds_until_still(stopped) <= STOPS
    assert run.at_the_tcp(run.part_positions()) == part and run.held.peek().object_id
    run.reset()


def test_3_it_is_lowered_until_it_stands(run, pads):
    forces, _ = pads
    part = in_the_hand(run)[0]
    result = run.ask("/place", Place.Goal(destination="tray"))
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert true_parts(run, CELL).delivered == {part}
    assert not run.held.peek().object_id
    assert largest(forces) < CRUSHES  # neither a brake nor the floor of the tray makes it grip much harder


def test_4_a_part_that_is_taken_out_of_the_hand_is_lost(run):
    run.spawn("part://box?x=0.04&y=0.05&z=0.05", 0.5, -0.05, 0.026)
    result = run.pick_best()
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    part = run.at_the_tcp(run.part_positions())[0]
    handle = run.send("/place", Place.Goal(destination="tray"))
    run.until(lambda: "move" in run.phases and run.speeds[-1][1] > 0.1, WAIT, "motion")
    delete_part(run, part)
    result = wait_for(handle.get_result_async(), WAIT, "result").result
    assert result.outcome.code == Outcome.OBJECT_LOST, result.outcome.message
    assert not run.held.peek().object_id
