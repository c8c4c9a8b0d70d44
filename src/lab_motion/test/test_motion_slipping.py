"""The node with real messages and actions: a part slips, and controller and caller hear of it."""

from __future__ import annotations

import numpy as np
import pytest
from lab_interfaces.action import MoveTo, Pick, Place
from lab_interfaces.msg import Outcome
from motion_graph import WIDTH

from lab_motion.skills.grip.touch import TouchReading
from lab_motion.skills.slipping import Slipping

SLOW = 0.1


class Pads:
    """The fingers of the cell, as if tactile pads felt the part slip at the second look in a motion.

    The cell is slow until then, so that this is at its beginning also where the machine pauses.
    """

    def __init__(self, graph) -> None:
        self._hand, self._cell, self._start = graph.node._robot.hand, graph.cell, graph.cell.positions
        self._looks = 0

    def __getattr__(self, name):
        return getattr(self._hand, name)

    def reading(self) -> TouchReading:
        plain = self._hand.reading()
        self._looks += bool(np.abs(self._cell.positions - self._start).max() > 1e-3)
        if self._looks == 2:
            self._cell.allowed = 1.0
        return TouchReading(plain.opening, plain.forces, plain.stalled, slid=int(self._looks > 1))


@pytest.fixture
def slips(graph):
    """Place a part on the tray that slips on its way: the result."""

    def place(when: str):
        robot, cell, caller = graph.node._robot, graph.cell, graph.caller
        grasp = graph.show(y=-0.1)  # on the far side of the workspace from the tray
        cell.part_width = WIDTH
        picked = caller.run(Pick, Pick.Goal(grasps=[grasp]))
        assert (picked.outcome.code, picked.outcome.message) == (Outcome.SUCCESS, "")
        robot.hand, robot.slipping = Pads(graph), Slipping(when, 0.25)
        cell.durations.clear()
        cell.allowed = SLOW
        caller.until(lambda: graph.node._permit.speed == SLOW, "never told to be slow")
        return caller.run(Place, Place.Goal(destination="tray"))

    return place


def test_the_controller_gets_the_rest_of_the_way_slowly_and_the_caller_is_told(graph, slips):
    result = slips("slow_down")
    assert result.outcome.code == Outcome.SUCCESS, result.outcome.message
    assert result.outcome.message == "the part slipped while it was carried: slowed to 25 %"
    way, *_, rest, _retreat = graph.cell.durations
    assert rest > 2.0 * SLOW * way, "what was left of it, at a quarter of its speed"
    graph.cell.durations.clear()
    home = graph.caller.run(MoveTo, MoveTo.Goal(configuration="home"))
    assert (home.outcome.code, home.outcome.message) == (Outcome.SUCCESS, "")
    assert len(graph.cell.durations) == 1, "at full speed, from its beginning to its end"


def test_a_part_that_was_set_down_is_out_of_the_hand_and_counts_as_lost_on_its_way(graph, slips):
    result = slips("set_down")
    assert result.outcome.code == Outcome.OBJECT_LOST, result.outcome.message
    assert "it was set down on the table" in result.outcome.message
    assert result.pose.header.frame_id == "", "it is at no place of the tray"
    assert graph.node._held_part().object_id == "" and graph.cell.opening > WIDTH


def test_a_hand_that_tightens_leaves_the_controller_alone(graph, slips):
    result = slips("tighten")
    assert (result.outcome.code, result.outcome.message) == (Outcome.SUCCESS, "")
    way, *_, rest, _retreat = graph.cell.durations
    assert rest < 1.1 * SLOW * way
