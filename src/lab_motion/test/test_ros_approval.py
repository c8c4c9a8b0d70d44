"""The node with real messages and actions, in approval mode: proposals, answers, and what moves when."""

from __future__ import annotations

import numpy as np
import pytest
from lab_interfaces.action import MoveTo, Pick
from lab_interfaces.msg import Outcome, Proposal
from lab_interfaces.srv import Approve
from motion_graph import CELL, HOME, PART, WAIT, WIDTH, Graph, started

from lab_node.qos import LATCHED


class Person:
    """Sees proposals and answers them."""

    def __init__(self, caller) -> None:
        self.caller, self.seen = caller, []
        caller.create_subscription(Proposal, "/motion/proposal", self.seen.append, LATCHED)
        self.client = caller.create_client(Approve, "/motion/approve")
        assert self.client.wait_for_service(WAIT)

    def waits_for(self, count: int = 1) -> Proposal:
        """The newest proposal that waits, once so many have come."""

        def waiting():
            return [each for each in self.seen if each.state == "waiting"]

        self.caller.until(lambda: len(waiting()) >= count, "nothing was proposed")
        return waiting()[-1]

    def answer(self, digest, approved=True, person="Ann"):
        request = Approve.Request(digest=digest, approved=approved, person=person)
        return self.caller.wait(self.client.call_async(request))

    def until(self, state: str) -> Proposal:
        self.caller.until(lambda: self.seen and self.seen[-1].state == state, f"it never was {state}")
        return self.seen[-1]


@pytest.fixture
def asking(ros):
    yield from started(Graph(look_timeout=2.0, approval=True, approval_timeout=2.0))


@pytest.fixture
def person(asking):
    return Person(asking.caller)


def still(graph) -> bool:
    return not graph.cell.trajectories and graph.cell.opening == CELL.gripper.maximum_opening


def test_a_pick_waits_and_does_what_was_shown(asking, person):
    asking.cell.part_width = WIDTH
    handle = asking.caller.send(Pick, Pick.Goal(grasps=[asking.show()]))
    shown = person.waits_for()
    assert (shown.action, shown.object_id, shown.header.frame_id) == ("pick", PART, "base_link")
    assert still(asking)
    assert not person.answer("0" * 64).success
    assert still(asking)
    answer = person.answer(shown.digest)
    assert answer.success and answer.message == ""
    result = asking.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.SUCCESS
    sent = asking.cell.trajectories[0]
    planned = np.array([point.positions for point in shown.trajectory.points])
    np.testing.assert_allclose(sent, planned, atol=1e-9)
    assert person.until("approved").person == "Ann"
    assert not person.answer(shown.digest).success  # replayed


def test_what_nobody_approves_does_not_move(asking, person):
    result = asking.caller.run(MoveTo, MoveTo.Goal(configuration="stow"))
    assert result.outcome.code == Outcome.UNAVAILABLE
    assert "nobody has approved the move within 2 s" in result.outcome.message
    late = person.until("expired")
    assert not person.answer(late.digest).success
    assert still(asking) and np.allclose(asking.cell.positions, HOME)


def test_a_declined_plan_does_not_move(asking, person):
    handle = asking.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    assert person.answer(person.waits_for().digest, approved=False, person="Bob").success
    result = asking.caller.wait(handle.get_result_async()).result
    assert (result.outcome.code, result.outcome.message) == (Outcome.CANCELLED, "Bob has declined the move")
    assert still(asking)


def test_a_stop_withdraws_what_waits(asking, person):
    handle = asking.caller.send(MoveTo, MoveTo.Goal(configuration="stow"))
    shown = person.waits_for()
    asking.cell.stopped = True
    result = asking.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STOPPED
    person.until("withdrawn")
    assert not person.answer(shown.digest).success
    assert still(asking)


def test_a_plan_is_not_approved_on_another_scene(asking, person):
    handle = asking.caller.send(Pick, Pick.Goal(grasps=[asking.show()]))
    shown = person.waits_for()
    asking.show(x=0.54)
    result = asking.caller.wait(handle.get_result_async()).result
    assert result.outcome.code == Outcome.STALE_INPUT
    assert f"'{PART}' has come or moved since this was planned" in result.outcome.message
    assert not person.answer(shown.digest).success
    assert still(asking)
