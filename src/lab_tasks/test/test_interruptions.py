"""The tree over a cell of boxes: outages, stops and cancels in every step."""

import pytest
from table_of_boxes import CLEAR, POLICY, cell, clear

from lab_core.outcomes import OutcomeCode
from lab_tasks import order_tree
from lab_tasks.job import Job
from lab_tasks.ledger import Failure


def test_a_camera_that_stays_silent_stops_the_task():
    table = cell(look=[OutcomeCode.CAMERA_SILENT] * 99)
    job, attempts = clear(table)
    assert job.outcome().code == OutcomeCode.CAMERA_SILENT
    assert len(table.asked("look")) == POLICY.outages + 1
    assert attempts == []


@pytest.mark.parametrize("code", [OutcomeCode.CAMERA_SILENT, OutcomeCode.STALE_INPUT])
def test_a_camera_that_drops_out_for_some_seconds_is_outlasted(code):
    table = cell(look=[None, code, code, None])
    job, attempts = clear(table)
    assert job.outcome() is None
    assert [attempt.failure for attempt in attempts] == [
        None
    ] * 3  # the part was placed, and is not lost from the books
    assert (job.ledger.presented, job.ledger.placed, job.ledger.lost) == (3, 3, 0)


@pytest.mark.parametrize("code", [OutcomeCode.UNAVAILABLE, OutcomeCode.TIMEOUT])
def test_an_outage_is_not_at_the_part_s_expense(code):
    times = POLICY.attempts_per_object + 2
    table = cell(plan_grasps__c=[code] * times)
    job, attempts = clear(table)
    assert job.outcome() is None
    assert [a.failure.code for a in attempts if a.failure] == [code] * times
    assert table.asked("pick") == ["c", "a", "b"]


def test_an_outage_that_does_not_end_ends_the_task():
    table = cell(**{f"plan_grasps__{name}": [OutcomeCode.UNAVAILABLE] * 99 for name in "abc"})
    job, attempts = clear(table)
    assert job.outcome().code == OutcomeCode.UNAVAILABLE
    assert len(attempts) == POLICY.outages + 1
    assert len(job.ledger.left) == job.ledger.presented == 3


@pytest.mark.parametrize("skill", ["look", "plan_grasps", "pick", "place", "move_to"])
def test_a_stop_in_any_step_ends_the_task_and_nothing_moves_after_it(skill):
    table, stop, asked = cell(pick__c=[OutcomeCode.GRASP_EMPTY]), [], []

    def before(name):
        if name == skill and not stop:
            stop.append(Failure(OutcomeCode.STOPPED, "", "an operator stopped the cell"))
            asked.append(len(table.calls))

    table.before_call = before
    job = Job(CLEAR, POLICY, table, interrupted=lambda: stop[-1] if stop else None)
    order_tree.run(job)
    assert (job.outcome().code, job.outcome().message) == (
        OutcomeCode.STOPPED,
        "an operator stopped the cell",
    )
    assert table.calls[asked[0] :] == []
    assert job.ledger.placed + len(job.ledger.left) + job.ledger.lost == job.ledger.presented


def test_a_stop_that_was_reset_before_the_task_heard_of_it_ends_the_task_too():
    table = cell(pick__c=[OutcomeCode.STOPPED])
    job, _ = clear(table)
    assert job.outcome().code == OutcomeCode.STOPPED
    assert table.calls[-1] == ("pick", "c")


@pytest.mark.parametrize("skill", ["look", "plan_grasps", "pick", "place", "move_to"])
def test_cancel_in_any_step_ends_the_task(skill):
    table = cell()
    attempts = []
    job = Job(CLEAR, POLICY, table, report=attempts.append)
    table.before_call = lambda name: job.cancel() if name == skill else None
    order_tree.run(job)
    assert job.outcome().code == OutcomeCode.CANCELLED
    if skill in ("plan_grasps", "pick", "place"):
        assert attempts[-1].failure.code == OutcomeCode.CANCELLED
    assert job.ledger.placed + len(job.ledger.left) == job.ledger.presented
