"""The behaviour tree that carries an order out.

    order
    ├─ empty the hand
    ├─ first look
    ├─ until nothing is left to do
    │  └─ one part
    │     ├─ choose (of the first line that can go on)
    │     └─ attempt or recover
    │        ├─ plan grasps → pick → place (first destination that takes it) → look again → confirm
    │        └─ record the failure → empty the hand → clear the view → look again
    └─ home

A pick verifies by itself, after closing and after lifting, that the part is held; `confirm` holds the whole
attempt against a new image.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import numpy as np
from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Selector, Sequence
from py_trees.decorators import FailureIsSuccess, Repeat

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part, Scene
from lab_tasks.job import Attempt, Job
from lab_tasks.ledger import SAME_PLACE, Failure, Fate, alike_in_colour
from lab_tasks.orders.order import AS_THE_CELL
from lab_tasks.policy import Reaction
from lab_tasks.skills import Stage

T = TypeVar("T")
_INTERRUPTED = (OutcomeCode.CANCELLED, OutcomeCode.STOPPED)


class _Ended(LabError):
    """Nothing more is to be done; not a failure of its own."""


class Step(Behaviour):
    """Runs work beside the tree; succeeds when it returns, fails with the job's failure when it raises."""

    def __init__(self, name: str, job: Job, work: Callable[[Job], None]) -> None:
        super().__init__(name)
        self._job, self._work = job, work
        self._future: Future[None] | None = None

    def initialise(self) -> None:
        """Start the work."""
        self._job.progress(self.name)
        self._future = self._job.start(self._do)

    def update(self) -> Status:
        """Success, failure, or running while the work goes on."""
        assert self._future is not None
        self._job.wait_for_step(self._future, timeout=0.1)
        if not self._future.done():
            return Status.RUNNING
        try:
            self._future.result()
        except _Ended:
            return Status.FAILURE
        except LabError as error:
            self._job.note(Failure.of(error))
            return Status.FAILURE
        return Status.SUCCESS

    def _do(self) -> None:
        if self._job.cancelled():  # the tree goes on within the tick in which a step was interrupted
            raise _Ended
        self._work(self._job)


def order_tree(job: Job) -> Behaviour:
    """Tree that moves what the job's order names; tick it until it no longer runs."""
    attempt = Sequence("attempt", memory=True)
    attempt.add_children(
        [
            Step("plan grasps", job, _plan_grasps),
            Step("pick", job, _pick),
            Step("place", job, _place),
            Step("look again", job, _look),
            Step("confirm", job, _confirm),
        ]
    )
    recover = Sequence("recover", memory=True)
    recover.add_children(
        [
            Step("record failure", job, _record_failure),
            Step("empty the hand", job, _empty_hand),
            Step("clear the view", job, _clear_view),
            Step("look again", job, _look),
        ]
    )
    either = Selector("attempt or recover", memory=True)
    either.add_children([attempt, recover])
    one_part = Sequence("one part", memory=True)
    one_part.add_children([Step("choose", job, _choose), either])
    everything = Sequence("order", memory=True)
    everything.add_children(
        [
            FailureIsSuccess("hand", Step("empty the hand", job, _empty_hand)),
            FailureIsSuccess("look", Step("first look", job, _first_look)),
            FailureIsSuccess("until nothing is left to do", Repeat("parts", one_part, num_success=-1)),
            FailureIsSuccess("finish", Step("home", job, _home)),
        ]
    )
    return everything


def run(job: Job) -> None:
    """Tick the tree until the task has ended, or was cancelled or stopped; the job then holds how.

    What no step expects is raised once the step under way has ended.
    """
    tree = order_tree(job)
    try:
        while not job.cancelled():
            tree.tick_once()
            if tree.status is not Status.RUNNING:
                break
    except Exception:
        job.cancel()
        raise
    finally:
        if tree.status is Status.RUNNING:
            tree.stop(Status.INVALID)
        job.close()
    if job.attempt is not None:
        failure = job.outcome()
        assert failure is not None
        job.attempt.failure = _still_held(failure) if job.skills.held() else failure
        if job.attempt.destination:
            job.ledger.moved(job.attempt.record)
        job.close_attempt()


def _empty_hand(job: Job) -> None:
    """Put down what a failed attempt, an earlier task or whoever commanded the cell has left in the hand."""

    def put_down() -> None:
        error: LabError | None = None
        destinations = job.order.destinations
        if job.kept is not None and job.kept.destinations:
            destinations = job.kept.destinations
        for destination in destinations if job.skills.held() else ():
            handling = AS_THE_CELL if job.kept is None else job.kept.handled_at(destination)
            placed = job.skills.place(destination, job.cancelled, handling)
            if placed.released:
                job.ledger.put_down(job.kept)
                job.kept = None
            if placed.error is None or placed.error.code == OutcomeCode.OBJECT_LOST:
                return  # lost, it lies where the camera will see it, or out of reach
            if placed.released or placed.error.code in _INTERRUPTED:
                raise placed.error
            if error is None or error.code == OutcomeCode.DESTINATION_FULL:
                error = placed.error
        if error is not None:
            raise error

    try:
        _insist(job, put_down)
    except LabError:
        if job.end is not None and job.skills.held():
            job.end = _still_held(job.end)
        raise


def _first_look(job: Job) -> None:
    _look_from(job, round(job.policy.first_look_at * 1e9))


def _look(job: Job) -> None:
    _look_from(job, None)


def _look_from(job: Job, not_before: int | None) -> None:
    """Look, not before a time or all rests, until something is seen or nothing was seen often enough."""
    start = job.skills.now()

    def look() -> Scene:
        nonlocal not_before
        if not_before is None:
            job.skills.wait(job.policy.settle_time, job.cancelled)
        earliest, not_before = job.skills.now() if not_before is None else not_before, None
        return job.skills.look(earliest, job.policy.look_timeout, job.cancelled)

    for _ in range(job.policy.looks_until_clear):
        scene = _insist(job, look)
        if scene.objects:
            break
        not_before = scene.stamp + 1
    job.scene = scene
    job.add_stages([Stage("look", (job.skills.now() - start) * 1e-9, 0.0)])
    if job.attempt is None:
        _enter(job, scene)


def _choose(job: Job) -> None:
    ledger = job.ledger
    if job.end is not None or job.scene is None or 0 < job.max_parts <= ledger.placed:
        raise _Ended
    choice = job.lines.next(job.scene)
    if choice is None:
        raise _Ended
    job.attempt = Attempt(
        number=ledger.attempts + 1,
        record=choice.record,
        scene=job.scene,
        destinations=choice.destinations,
    )


def _plan_grasps(job: Job) -> None:
    attempt = _current(job)
    grasps, stages = job.skills.plan_grasps(
        attempt.record.object, attempt.scene, job.policy.grasps_per_attempt, job.cancelled
    )
    job.add_stages(stages)
    untried = job.ledger.untried(attempt.record, [grasp.base_from_tcp for grasp in grasps])
    attempt.grasps = [grasps[index] for index in untried] or grasps


def _pick(job: Job) -> None:
    attempt = _current(job)
    picked = job.skills.pick(attempt.grasps, job.cancelled, attempt.record.handling)
    job.add_stages(picked.stages)
    if picked.grasp_index is not None:
        attempt.grasp = attempt.grasps[picked.grasp_index]
        job.arm_in_view = True
    attempt.held_width, attempt.held_force = picked.held_width, picked.held_force
    if picked.error is not None:
        raise picked.error
    attempt.holding = True


def _place(job: Job) -> None:
    """Put the part down at the first of its destinations that takes it."""
    attempt = _current(job)
    failure: LabError | None = None
    for destination in attempt.destinations:
        placed = job.skills.place(destination, job.cancelled, attempt.record.handled_at(destination))
        job.add_stages(placed.stages)
        if placed.released:
            attempt.holding, attempt.destination = False, destination
        if placed.error is None:
            job.arm_in_view = False
            return
        if failure is None or failure.code == OutcomeCode.DESTINATION_FULL:  # what the next one says counts
            failure = placed.error
        if placed.error.code == OutcomeCode.OBJECT_LOST:
            attempt.holding = False
        if placed.released:
            failure = placed.error
        if not attempt.holding or placed.error.code in _INTERRUPTED or job.cancelled():
            break
    assert failure is not None
    raise failure


def _confirm(job: Job) -> None:
    """Success only if the part is gone from where it lay."""
    attempt, scene = _current(job), job.scene
    assert scene is not None
    part = attempt.record.object
    if _lies_still(part, scene):
        attempt.failure = Failure(
            OutcomeCode.OBJECT_LOST, "task", f"{part.id} was held, yet it lies where it lay"
        )
        attempt.destination = ""
        job.ledger.failed(attempt.record, attempt.failure, attempt.tried)
    else:
        job.ledger.moved(attempt.record)
        job.outages = 0
    job.close_attempt()
    _enter(job, scene)


def _enter(job: Job, scene: Scene) -> None:
    job.ledger.enter(scene)
    if job.kept is not None and job.kept.fate is Fate.IN_VIEW:
        job.kept = None


def _record_failure(job: Job) -> None:
    attempt = _current(job)
    assert attempt.failure is not None
    if attempt.destination:
        job.ledger.moved(attempt.record)
        reaction = job.policy.reaction(attempt.failure.code)
    else:
        reaction = job.ledger.failed(attempt.record, attempt.failure, attempt.tried)
        if attempt.holding or job.kept is None:
            job.kept = attempt.record
    if reaction is Reaction.STOP:
        job.end = job.end or attempt.failure
    if job.end is not None and job.skills.held():
        job.end = attempt.failure = _still_held(job.end)
    job.close_attempt()
    if reaction is Reaction.WAIT and job.end is None:
        job.outlast(attempt.failure)
    if job.end is not None:
        raise _Ended


def _clear_view(job: Job) -> None:
    if job.arm_in_view:
        _home(job)


def _home(job: Job) -> None:
    if job.end is not None and job.end.code == OutcomeCode.STOPPED:
        raise _Ended  # also when it was reset meanwhile: nothing resumes by itself
    _insist(job, lambda: job.skills.move_to(job.policy.home, job.cancelled))
    job.arm_in_view = False


def _insist(job: Job, work: Callable[[], T]) -> T:
    """Do what belongs to no attempt, again as the policy says, until it is done or the task ends for it."""
    failed = 0
    while True:
        try:
            return work()
        except LabError as error:
            reaction = job.policy.reaction(OutcomeCode(error.code))
            failed += reaction is Reaction.RETRY
            if reaction is Reaction.WAIT and job.end is None:
                job.outlast(Failure.of(error))
            elif reaction is not Reaction.RETRY or failed >= job.policy.failed_steps:
                job.end = job.end or Failure.of(error)
            if job.end is not None:
                raise


def _lies_still(part: Part, scene: Scene) -> bool:
    return any(
        np.linalg.norm(seen.box.centre - part.box.centre) < 0.5 * SAME_PLACE
        and np.linalg.norm(seen.box.size - part.box.size) < SAME_PLACE
        and alike_in_colour(seen, part)
        for seen in scene.objects
    )


def _still_held(failure: Failure) -> Failure:
    return replace(failure, message=f"{failure.message}; the part is still in the gripper")


def _current(job: Job) -> Attempt:
    assert job.attempt is not None
    return job.attempt
