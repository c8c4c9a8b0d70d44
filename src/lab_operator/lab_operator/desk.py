"""What a person may ask of the cell: each request is checked, written down, passed on and answered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from lab_core.errors import InvalidRequestError, LabError
from lab_operator.action_log import ActionLog
from lab_operator.people.rates import Rate
from lab_operator.people.visitor import Visitor
from lab_operator.situation import situation
from lab_operator.state import CellState

# Seconds of the wall for the answer of a node, and for the end of a step by hand.
PATIENCE, STEP_PATIENCE = 5.0, 30.0
Step = tuple[float, float, float, float]
"""Metres along the axes of the base frame, and radians about its vertical."""
# Stops of one machine that are written down: at once, and seconds until one more.
_WRITTEN_STOPS = 20, 1.0
LONGEST_ORDER = 300
"""Letters of an order in words."""


class Cell(Protocol):
    """What the desk asks of the cell. A Future holds why the cell refused, or nothing when it did not."""

    @property
    def state(self) -> CellState:
        """What is known now."""

    def stop(self) -> bool:
        """Halt at once; whether anybody heard it. One that nobody heard is sent again until somebody does."""

    def reset(self) -> Future[str]:
        """Let the cell move again."""

    def read_back(self, order: str) -> str:
        """How an order is understood: a name in config/orders or a sentence. Raises LabError."""

    def start(self, order: str) -> Future[str]:
        """Begin an order. Raises LabError as read_back does."""

    def answer(self, digest: str, approved: bool, person: str) -> Future[str]:
        """Answer the proposal of a digest."""

    def take_over(self) -> Future[str]:
        """Take back every order: the arm brakes along its way and holds."""

    def jog(self, key: str, step: Step) -> Future[str]:
        """Move by a small step while a key is held; settled when the arm stands."""

    def hold(self, key: str) -> None:
        """The key of a step is held at this moment."""

    def release(self, key: str) -> None:
        """It is let go: the arm brakes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to who asked: a key of the catalogue below `said`, and what fills it in.

    reason: a key below `said`, or the sentence of a node.
    """

    granted: bool
    key: str
    names: Mapping[str, str] = field(default_factory=dict)


class Desk:
    """One for all pages. Nothing here trusts what a page sends: the cell's state decides."""

    def __init__(self, cell: Cell, log: ActionLog) -> None:
        self.cell, self.log = cell, log
        self._stops = Rate(*_WRITTEN_STOPS)

    def stop(self, visitor: Visitor) -> Answer:
        """Halt at once. Never refused; nobody has to be known for it. Of a flood some are written down."""
        heard = self.cell.stop()
        if not self._stops.take(visitor.address):
            self.log.write(str(visitor), "stop", "sent" if heard else "not heard by anybody yet")
        return Answer(heard, "stop" if heard else "stop_unheard")

    async def reset(self, visitor: Visitor, stops: int) -> Answer:
        """Let the cell move again. stops: the count of stops whose reason the person has read."""
        stop = self.cell.state.stop
        if refused := visitor.refused("reset"):
            pass
        elif stop is None or not stop.stopped:
            refused = "not_stopped"
        elif stop.stops != stops:
            refused = "other_reason"
        else:
            refused = await _answer(self.cell.reset())
        return self._said(visitor, "reset", stop.reason if stop is not None else "", refused)

    def read_back(self, order: str) -> Answer:
        """How an order would be understood; nothing begins."""
        try:
            return Answer(True, "understood", {"order": self.cell.read_back(_short(order))})
        except LabError as error:
            return Answer(False, "start_refused", {"reason": str(error)})

    async def start(self, visitor: Visitor, order: str) -> Answer:
        """Begin an order, when the cell rests."""
        refused = visitor.refused("start")
        if not refused and not situation(self.cell.state).may_start:
            refused = "not_ready"
        if refused:
            return self._said(visitor, "start", order, refused)
        try:
            refused = await _answer(self.cell.start(_short(order)))
        except LabError as error:
            refused = str(error)
        return self._said(visitor, "start", order, refused)

    async def decide(self, visitor: Visitor, digest: str, approved: bool) -> Answer:
        """Approve or decline the plan of a digest: the motion node judges, this only refuses the obvious."""
        proposal, action = self.cell.state.proposal, "approve" if approved else "decline"
        if refused := visitor.refused(action):
            pass
        elif proposal is None or not proposal.waits or proposal.digest != digest:
            refused = "nothing_waits"
        else:
            refused = await _answer(self.cell.answer(digest, approved, str(visitor)))
        return self._said(visitor, action, digest, refused)

    async def take_over(self, visitor: Visitor) -> Answer:
        """Take back what the cell is at, so that a person can move the arm."""
        refused = visitor.refused("take_over")
        if not refused and not situation(self.cell.state).may_take_over:
            refused = "nothing_begun"
        return self._said(visitor, "take_over", "", refused or await _answer(self.cell.take_over()))

    def new_key(self) -> str:
        """Of a step by hand: nobody else can hold it."""
        return secrets.token_hex(16)

    async def jog(self, visitor: Visitor, key: str, step: Step, about: str) -> Answer:
        """Move by a small step while its key is held, when the cell rests."""
        refused = visitor.refused("jog")
        if not refused and not situation(self.cell.state).may_start:
            refused = "not_ready"
        if not refused:
            self.cell.hold(key)
            refused = await _answer(self.cell.jog(key, step), STEP_PATIENCE)
        return self._said(visitor, "jog", about, refused)

    def _said(self, visitor: Visitor, action: str, about: str, refused: str) -> Answer:
        self.log.write(str(visitor), action, refused or "done", about)
        if not refused:
            return Answer(True, action)
        return Answer(
            False, "approve_refused" if action == "decline" else f"{action}_refused", {"reason": refused}
        )


def _short(order: str) -> str:
    """Raises InvalidRequestError for what nobody says."""
    spoken = len(order) <= LONGEST_ORDER and order.isprintable()
    if not spoken or order.endswith((".yaml", ".yml")) or "/" in order:
        raise InvalidRequestError(
            f"expected the name of an order or a sentence of at most {LONGEST_ORDER} letters, no path"
        )
    return order


async def _answer(future: Future[str], patience: float | None = None) -> str:
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE if patience is None else patience)
    except TimeoutError:
        return "no_answer"
