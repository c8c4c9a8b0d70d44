"""One run of a task: the books, the attempt under way, and the steps' way to run beside the tree."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from lab_core.errors import DeadlineError
from lab_core.geometry import FloatArray
from lab_core.grasp import Grasp
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_language.grounding.port import Grounder
from lab_tasks.ledger import Failure, Ledger, Record
from lab_tasks.orders.order import Order
from lab_tasks.orders.progress import Progress
from lab_tasks.policy import Policy
from lab_tasks.skills import Skills, Stage


@dataclass
class Attempt:
    """One attempt to move one part."""

    number: int
    record: Record
    scene: Scene
    grasps: list[Grasp] = field(default_factory=list)
    grasp: Grasp | None = None
    held_width: float = 0.0
    held_force: float = 0.0
    holding: bool = False
    destinations: tuple[str, ...] = ()
    destination: str = ""
    stages: list[Stage] = field(default_factory=list)
    failure: Failure | None = None

    @property
    def tried(self) -> FloatArray | None:
        """base_from_tcp (4, 4) of the grasp that was tried; None when it never came to one."""
        return None if self.grasp is None else self.grasp.base_from_tcp


class Job:
    """State that the steps of one tree share.

    max_parts: ends the task when so many are placed; 0: as the order says. report: called with each finished
    attempt; progress: called with the name of each step as it starts; interrupted: asked often, why the task
    is to end at once, such as a stop of the cell. grounder: says how well words fit a part, besides what is
    measured.
    """

    def __init__(
        self,
        order: Order,
        policy: Policy,
        skills: Skills,
        max_parts: int = 0,
        report: Callable[[Attempt], None] = lambda attempt: None,
        progress: Callable[[str], None] = lambda phase: None,
        interrupted: Callable[[], Failure | None] = lambda: None,
        grounder: Grounder | None = None,
    ) -> None:
        self.policy, self.skills, self.max_parts = policy, skills, max_parts
        self.report, self.progress = report, progress
        self.order = order
        self.ledger = Ledger(policy)
        sees = getattr(grounder, "sees_images", False)
        self.lines = Progress(order, self.ledger, grounder, skills.image_of if sees else None)
        self.scene: Scene | None = None
        self.attempt: Attempt | None = None
        self.kept: Record | None = None  # not seen since an attempt on it failed: what the hand holds is this
        self.arm_in_view = False
        self.outages = 0
        self.end: Failure | None = None
        self._interrupted = interrupted
        self._interruption: Failure | None = None
        self._ended = threading.Condition()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="task")

    def cancel(self) -> None:
        """Stop the running step and end the task as cancelled."""
        self._interruption = self._interruption or Failure(
            OutcomeCode.CANCELLED, "task", "the task was cancelled"
        )

    def cancelled(self) -> bool:
        """Whether the task was cancelled or stopped; steps ask this while they wait. Once so, it stays so."""
        self._interruption = self._interruption or self._interrupted()
        return self._interruption is not None

    def start(self, work: Callable[[], None]) -> Future[None]:
        """Run the work of a step beside the tree."""
        future = self._worker.submit(work)
        future.add_done_callback(self._wake)
        return future

    def wait_for_step(self, future: Future[None], timeout: float) -> None:
        """Wait until the step has ended, at most the timeout, seconds of the wall."""
        with self._ended:
            self._ended.wait_for(future.done, timeout)

    def close(self) -> None:
        """Wait for the step under way and end the worker."""
        self._worker.shutdown(wait=True)

    def outcome(self) -> Failure | None:
        """How the task ended; None when every line is fulfilled."""
        if self.cancelled():
            return self._interruption
        if self.end is not None:
            return self.end
        if self.ledger.presented == 0:
            return Failure(OutcomeCode.NO_OBJECT, "task", "nothing lies in the work area")
        failures = self.lines.failures()
        if not failures:
            return None
        first = min((failure for _, failure in failures), key=lambda failure: failure.code)
        if len(self.order.lines) == 1:
            return first
        said = "; ".join(f"line {index + 1}: {failure.message}" for index, failure in failures)
        return Failure(first.code, first.stage, said)

    def add_stages(self, stages: Sequence[Stage]) -> None:
        """Enter the times of a step into the attempt under way."""
        if self.attempt is not None:
            self.attempt.stages.extend(stages)

    def outlast(self, failure: Failure) -> None:
        """Give the cell time after a failure that is no part's fault; too many in a row end the task."""
        self.outages += 1
        if self.outages > self.policy.outages:
            self.end = self.end or failure
        else:
            with contextlib.suppress(DeadlineError):  # the clock itself stands: that is the outage
                self.skills.wait(self.policy.outage_wait, self.cancelled)

    def note(self, failure: Failure) -> None:
        """Enter a failure: of the attempt under way, else of the task; the first one counts."""
        if self.attempt is None:
            self.end = self.end or failure
        elif self.attempt.failure is None:
            self.attempt.failure = failure

    def close_attempt(self) -> None:
        """Report the attempt under way; there is none afterwards."""
        assert self.attempt is not None
        self.report(self.attempt)
        self.attempt = None

    def _wake(self, _: Future[None]) -> None:
        with self._ended:
            self._ended.notify_all()
