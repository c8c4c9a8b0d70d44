"""What a person has to approve before anything moves: bound to its content, answered once, in time."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from carrying import Carrying, cell_with

from lab_core.geometry import OrientedBox, make_transform
from lab_core.scene import Part
from lab_description import load_cell
from lab_motion.planning.port import PLANNERS, PlanningScene, Trajectory, never
from lab_motion.skills.approval import NotApproved, Plan, Proposals, State
from lab_motion.skills.grip.touch import TouchReading
from lab_motion.skills.manipulator import Manipulator, MotionSettings
from lab_motion.skills.place import Placed
from lab_motion.skills.stages import Stages

TIMEOUT = 60.0
NONCE = b"\0" * 16


def trajectory(end=1.0) -> Trajectory:
    time = np.linspace(0.0, 2.0, 5)
    positions = np.linspace(0.0, end, 5)[:, None] * np.ones(6)
    return Trajectory(("a", "b", "c", "d", "e", "f"), time, positions, 0.0 * positions, 0.0 * positions)


def scene(x=0.5) -> PlanningScene:
    box = OrientedBox(make_transform(np.eye(3), [x, 0.0, 0.02]), np.array([0.04, 0.04, 0.04]))
    return PlanningScene((Part("part_1", box),), None, 0.06)


def plan(**changes) -> Plan:
    made = Plan("pick", {"move": trajectory(), "approach": trajectory(0.1)}, scene(), np.eye(4), "part_1")
    return replace(made, **changes)


CHANGES = {
    "action": {"action": "place"},
    "part": {"object_id": "part_2"},
    "destination": {"destination": "tray"},
    "way": {"parts": {"move": trajectory(1.0 + 1e-12), "approach": trajectory(0.1)}},
    "order": {"parts": {"approach": trajectory(), "move": trajectory(0.1)}},
    "one less": {"parts": {"move": trajectory()}},
    "scene": {"scene": scene(0.5 + 1e-12)},
    "opening": {"scene": replace(scene(), opening=0.07)},
    "held": {"scene": replace(scene(), objects=(), held=scene().objects[0])},
    "end": {"base_from_tcp": np.diag([1.0, 1.0, 1.0, 1.0 + 1e-12])},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_changes_the_digest(change):
    assert plan().digest(NONCE) == plan().digest(NONCE)
    assert plan(**CHANGES[change]).digest(NONCE) != plan().digest(NONCE)


def test_speed_is_part_of_what_is_approved():
    faster = replace(trajectory(), time=0.5 * trajectory().time)
    changed = plan(parts={"move": faster, "approach": trajectory(0.1)})
    assert changed.digest(NONCE) != plan().digest(NONCE)


def test_the_same_plan_proposed_twice_is_two_proposals():
    proposals = Proposals(TIMEOUT)
    first = proposals.open(plan(), 0.0)
    second = proposals.open(plan(), 1.0)
    assert first.digest != second.digest
    assert "another one" in proposals.answer(first.digest, True, "Ann", 2.0)
    assert (first.state, second.state) == (State.WAITING, State.WAITING)
    assert proposals.answer(second.digest, True, "Ann", 2.0) == ""
    assert second.state is State.APPROVED and second.person == "Ann" and second.answered.is_set()


def test_each_is_answered_once():
    proposals = Proposals(TIMEOUT)
    proposed = proposals.open(plan(), 0.0)
    assert proposals.answer(proposed.digest, False, "Ann", 1.0) == ""
    assert "declined already" in proposals.answer(proposed.digest, True, "Bob", 1.0)
    assert proposed.state is State.DECLINED and proposed.person == "Ann"
    proposals.close(proposed, State.WITHDRAWN)
    assert proposed.state is State.DECLINED
    assert proposals.answer(proposed.digest, True, "Bob", 1.0) == "no plan waits for an answer"


def test_none_of_300_false_approvals_is_taken():
    """A hundred that came too late, a hundred of a plan before, a hundred of a changed plan."""
    proposals, taken, before = Proposals(TIMEOUT), 0, plan().digest(NONCE)
    for number in range(100):
        proposed = proposals.open(plan(object_id=f"part_{number}"), 1000.0 * number)
        other = plan(object_id=f"part_{number}", scene=scene(0.6)).digest(NONCE)
        late = 1000.0 * number + TIMEOUT + 0.001
        for digest, now in ((proposed.digest, late), (before, late - 1.0), (other, late - 1.0)):
            taken += proposals.answer(digest, True, "Eve", now) == ""
        assert proposed.state is State.WAITING
        before = proposed.digest
    assert taken == 0


def test_of_many_answers_at_once_one_is_taken():
    proposals = Proposals(TIMEOUT)
    proposed = proposals.open(plan(), 0.0)
    taken, start = [], threading.Barrier(16)

    def answer(number: int) -> None:
        start.wait(10.0)
        if proposals.answer(proposed.digest, number % 2 == 0, f"person {number}", 1.0) == "":
            taken.append(f"person {number}")

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert taken == [proposed.person]


def test_somebody_has_to_answer():
    proposals = Proposals(TIMEOUT)
    proposed = proposals.open(plan(), 0.0)
    assert proposals.answer(proposed.digest, True, "  ", 1.0) == "nobody is named who answers: give a name"
    assert proposed.state is State.WAITING


class Asked:
    """Approves everything, and counts."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []

    def require(self, plan: Plan, cancelled) -> None:
        self.plans.append(plan)


class StillArm:
    def __init__(self) -> None:
        self.followed: list[Trajectory] = []

    def positions(self):
        return np.zeros(6)

    def follow(self, whole, cancelled, watch) -> None:
        self.followed.append(whole)


class StillHand:
    def halt(self) -> None:
        pass


@pytest.fixture
def robot() -> Manipulator:
    return Manipulator(
        cell=None, planner=None, arm=StillArm(), hand=StillHand(), settings=MotionSettings(), sensor=None,
        approval=Asked(),
    )  # fmt: skip


STAGES = Stages(lambda: 0.0, lambda phase: None)


def follow(robot, parts) -> None:
    robot.follow(parts, STAGES, lambda: False)


def test_no_other_trajectory_than_the_approved_one_is_followed(robot):
    way = {"move": trajectory()}
    with pytest.raises(NotApproved, match="nobody was asked about the motion move"):
        follow(robot, way)
    robot.propose(plan(parts=way), STAGES, lambda: False)
    with pytest.raises(NotApproved):
        follow(robot, {"move": trajectory()})
    follow(robot, way)
    with pytest.raises(NotApproved):  # approved once is not approved twice
        follow(robot, way)
    follow(robot, {"lift": trajectory()})  # what ends the approved action
    assert len(robot.arm.followed) == 2 and len(robot.approval.plans) == 1


def test_a_pick_and_a_place_by_touch_ask_once_each():
    planner = PLANNERS.make("embedded", load_cell("ur5e_touch")).plugin
    cell = Carrying(cell_with("tighten"), planner, TouchReading)
    cell.robot.approval = Asked()
    cell.pick()
    assert "feel" in cell.phases  # the part is lifted gently
    cell.robot.forget_approval()
    cell.motion.place("tray", cell.stages, never, Placed())
    assert [each.action for each in cell.robot.approval.plans] == ["pick", "place"]


def test_another_action_asks_anew(robot):
    robot.propose(plan(parts={"move": trajectory()}), STAGES, lambda: False)
    robot.forget_approval()
    with pytest.raises(NotApproved):
        follow(robot, {"retreat": trajectory()})
    assert robot.arm.followed == []


def test_nobody_is_asked_where_it_is_off(robot):
    robot.approval = None
    follow(robot, {"move": trajectory()})
    assert len(robot.arm.followed) == 1
