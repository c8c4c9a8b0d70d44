"""The tree over a cell of boxes: what it does next, and what it does when something fails."""

import numpy as np
import pytest
from table_of_boxes import CLEAR, POLICY, TableOfBoxes, books, cell, clear

from lab_core.outcomes import OutcomeCode
from lab_tasks import order_tree
from lab_tasks.job import Job
from lab_tasks.skills import Placed


def test_every_part_is_moved_topmost_first():
    table = cell()
    job, attempts = clear(table)
    assert job.outcome() is None
    assert table.tray == ["c", "a", "b"]
    assert [(a.number, a.failure, a.destination) for a in attempts] == [(n, None, "tray") for n in (1, 2, 3)]
    assert (job.ledger.presented, job.ledger.placed, job.ledger.attempts) == (3, 3, 3)
    assert table.asked("move_to") == ["home"]


def test_a_part_that_is_seen_in_two_pieces_counts_once():
    table = cell()
    table.pieces = {"c": ("other side of c", np.array([0.6, 0.02, 0.03]))}
    job, _ = clear(table)
    assert table.tray == ["c", "a", "b"]
    assert (job.outcome(), job.ledger.presented, job.ledger.lost) == (None, 3, 0)


def test_a_part_that_vanishes_elsewhere_is_lost():
    table = cell()
    table.pieces = {"c": ("d", np.array([0.5, 0.15, 0.03]))}
    job, _ = clear(table)
    assert job.outcome().code == OutcomeCode.OBJECTS_LEFT
    assert (job.ledger.presented, job.ledger.placed, job.ledger.lost) == (4, 3, 1)


def test_an_empty_table_is_an_outcome():
    table = TableOfBoxes({})
    job, _ = clear(table)
    assert job.outcome().code == OutcomeCode.NO_OBJECT
    assert len(table.asked("look")) == POLICY.looks_until_clear


def test_an_empty_grasp_is_tried_again_with_another_grasp():
    table = cell(pick__c=[OutcomeCode.GRASP_EMPTY])
    job, attempts = clear(table)
    assert job.outcome() is None
    assert attempts[0].failure.code == OutcomeCode.GRASP_EMPTY
    assert [a.failure for a in attempts[1:]] == [None] * 3
    assert table.asked("grasp")[0] == 0
    assert table.asked("grasp")[-1] != 0  # the one that failed is not tried on the same part again
    # after a failed pick the arm leaves the view before the next look
    failed = table.calls.index(("pick", "c"))
    assert [name for name, _ in table.calls[failed + 1 : failed + 3]] == ["move_to", "look"]


def test_a_part_that_never_works_is_left_with_the_reason():
    table = cell(pick__c=[OutcomeCode.GRASP_EMPTY] * 99)
    job, _ = clear(table)
    assert job.outcome().code == OutcomeCode.OBJECTS_LEFT
    assert "GRASP_EMPTY" in job.outcome().message
    (left,) = job.ledger.left
    assert (left.object.id, left.attempts) == ("c", POLICY.attempts_per_object)
    assert job.ledger.placed + len(job.ledger.left) == job.ledger.presented


def test_what_is_too_wide_is_left_at_once():
    table = cell(plan_grasps__c=[OutcomeCode.OBJECT_TOO_WIDE] * 99)
    job, _ = clear(table)
    assert table.asked("plan_grasps").count("c") == 1
    assert job.ledger.placed == 2


def test_a_blocked_part_gets_another_chance_when_others_are_gone():
    table = cell(plan_grasps__c=[OutcomeCode.NO_GRASP_FOUND] * POLICY.attempts_per_object)
    job, _ = clear(table)
    assert job.outcome() is None
    assert table.tray[-1] == "c"


def test_a_full_tray_falls_back_to_the_bin():
    table = cell(place__tray=[None, OutcomeCode.DESTINATION_FULL])
    job, attempts = clear(table)
    assert job.outcome() is None
    assert [a.destination for a in attempts] == ["tray", "bin", "tray"]


def test_a_part_lost_on_the_way_is_not_placed_and_is_taken_again():
    table = cell(place__tray=[OutcomeCode.OBJECT_LOST])
    job, attempts = clear(table)
    assert attempts[0].failure.code == OutcomeCode.OBJECT_LOST
    assert "bin" not in table.asked("place")
    assert (job.outcome(), job.ledger.placed, job.ledger.attempts) == (None, 3, 4)


def test_a_pick_that_did_not_move_the_part_is_no_success():
    table = cell()

    def pretend(destination, cancelled, handling):
        table.held_part = None
        return Placed(True, [], None)

    table.place = pretend
    job, attempts = clear(table)
    assert job.ledger.placed == 0
    assert all(a.failure.code == OutcomeCode.OBJECT_LOST for a in attempts)
    assert "it lies where it lay" in attempts[0].failure.message


def test_a_part_that_cannot_be_put_down_stops_the_task_and_is_named():
    table = cell(place__tray=[OutcomeCode.NO_PATH] * 99, place__bin=[OutcomeCode.NO_PATH] * 99)
    job, attempts = clear(table)
    assert job.outcome().code == OutcomeCode.NO_PATH
    assert "still in the gripper" in job.outcome().message
    assert len(attempts) == 1
    assert table.asked("place") == ["tray", "bin"] * (1 + POLICY.failed_steps)


@pytest.mark.parametrize(
    "code", [OutcomeCode.PATH_TOLERANCE_EXCEEDED, OutcomeCode.STALE_INPUT, OutcomeCode.UNAVAILABLE]
)
@pytest.mark.parametrize("pick", [[], [OutcomeCode.GRASP_EMPTY]], ids=["at the end", "after a failed pick"])
def test_a_way_home_that_fails_is_tried_again(code, pick):
    table = cell(move_to__home=[code, code], pick__c=pick)
    job, _ = clear(table)
    assert job.outcome() is None
    assert books(job) == (3, 3, 0, 0)
    assert len(table.asked("move_to")) == 3 + len(pick)


@pytest.mark.parametrize(
    ("code", "times"),
    [
        (OutcomeCode.PATH_TOLERANCE_EXCEEDED, POLICY.failed_steps),
        (OutcomeCode.UNAVAILABLE, POLICY.outages + 1),
        (OutcomeCode.INTERNAL_ERROR, 1),
    ],
)
def test_a_way_home_that_never_works_ends_the_task(code, times):
    table = cell(move_to__home=[code] * 99)
    job, _ = clear(table)
    assert job.outcome().code == code
    assert len(table.asked("move_to")) == times


@pytest.mark.parametrize("code", [OutcomeCode.PATH_TOLERANCE_EXCEEDED, OutcomeCode.STALE_INPUT])
def test_a_hand_that_cannot_be_emptied_at_once_is_emptied_later(code):
    table = cell(place__tray=[code, code], place__bin=[code, code])
    table.held_part = "a"
    job, _ = clear(table)
    assert table.asked("place")[:5] == ["tray", "bin", "tray", "bin", "tray"]
    assert job.outcome() is None
    assert books(job) == (3, 3, 0, 0)


def test_a_stop_that_was_reset_before_the_task_heard_of_it_places_nothing_elsewhere():
    table = cell(place__tray=[OutcomeCode.STOPPED])
    job, _ = clear(table)
    assert job.outcome().code == OutcomeCode.STOPPED
    assert table.asked("place") == ["tray"]
    table = cell(place__tray=[OutcomeCode.STOPPED])
    table.held_part = "a"
    clear(table)
    assert table.asked("place") == ["tray"] and table.asked("pick") == table.asked("move_to") == []


def test_a_full_tray_is_no_reason_to_end_when_the_bin_is_only_out_of_order():
    table = cell(place__tray=[OutcomeCode.DESTINATION_FULL] * 99, place__bin=[OutcomeCode.UNAVAILABLE] * 2)
    job, _ = clear(table)
    assert job.outcome() is None
    assert books(job) == (3, 3, 0, 0)


def test_a_part_that_a_dead_motion_node_left_in_the_hand_counts_once():
    """What the hand holds is only felt when the table was looked at already, and another part was tried."""
    table = cell(pick__c=[OutcomeCode.UNAVAILABLE], pick__a=[OutcomeCode.INVALID_REQUEST])

    def before(name):
        if name == "pick" and "c" in table.parts and table.asked("pick") == ["c"]:
            table.taken = table.parts.pop("c")
        elif name == "pick" and table.asked("pick") == ["c", "a"]:
            table.parts["c"], table.held_part = table.taken, "c"

    table.before_call = before
    job, _ = clear(table)
    assert table.tray == ["c", "b", "a"] and job.outcome() is None
    assert books(job) == (3, 3, 0, 0)


@pytest.mark.parametrize("code", [OutcomeCode.CANCELLED, OutcomeCode.STOPPED])
def test_a_part_that_was_let_go_before_a_place_was_interrupted_is_placed(code):
    table = cell(place__tray=[code])
    table.lets_go_before_it_fails = True
    job, attempts = clear(table)
    assert job.outcome().code == code
    assert books(job) == (3, 1, 2, 0)
    assert [(a.failure.code, a.destination) for a in attempts] == [(code, "tray")]


@pytest.mark.parametrize(
    "code",
    [
        OutcomeCode.NO_PATH,
        OutcomeCode.STALE_INPUT,
        OutcomeCode.MOTION_STALLED,
        OutcomeCode.UNAVAILABLE,
        OutcomeCode.TIMEOUT,
    ],
)
def test_a_part_that_was_let_go_is_placed_however_the_retreat_fails(code):
    table = cell(place__tray=[OutcomeCode.DESTINATION_FULL], place__bin=[code])
    table.before_call = lambda name: setattr(
        table, "lets_go_before_it_fails", ("place", "bin") in table.calls
    )
    job, attempts = clear(table)
    assert job.outcome() is None
    assert (attempts[0].failure.code, attempts[0].destination) == (code, "bin")
    assert table.asked("place")[:3] == ["tray", "bin", "tray"]  # a part is put down once
    assert table.asked("pick") == ["c", "a", "b"]
    assert books(job) == (3, 3, 0, 0)


def test_what_is_in_the_hand_at_the_start_is_put_down_first_and_counted():
    table = cell()
    table.held_part = "a"
    job, _ = clear(table)
    assert table.calls[0] == ("place", "tray")
    assert (job.outcome(), job.ledger.presented, job.ledger.placed) == (None, 3, 3)


def test_a_part_that_a_failed_attempt_kept_is_put_down_before_the_next():
    table = cell(place__tray=[OutcomeCode.UNAVAILABLE, None], place__bin=[OutcomeCode.UNAVAILABLE])
    job, attempts = clear(table)
    assert attempts[0].failure.code == OutcomeCode.UNAVAILABLE
    assert table.asked("place")[:3] == ["tray", "bin", "tray"]
    assert (job.outcome(), job.ledger.presented, job.ledger.placed, job.ledger.lost) == (None, 3, 3, 0)


def test_a_kept_part_that_is_put_down_counts_once_before_it_is_looked_for():
    table = cell(place__tray=[OutcomeCode.UNAVAILABLE, None], place__bin=[OutcomeCode.UNAVAILABLE])
    job = Job(CLEAR, POLICY, table)
    table.before_call = lambda name: job.cancel() if name == "look" and table.tray else None
    order_tree.run(job)
    assert job.outcome().code == OutcomeCode.CANCELLED
    assert (job.ledger.presented, job.ledger.placed, job.ledger.lost) == (3, 1, 0)
    assert sorted(record.object.id for record in job.ledger.left) == ["a", "b"]


def test_a_stale_image_is_looked_for_again():
    table = cell(look=[OutcomeCode.STALE_INPUT])
    job, _ = clear(table)
    assert job.outcome() is None


def test_no_more_than_asked():
    job, _ = clear(cell(), max_parts=2)
    assert job.ledger.placed == 2
