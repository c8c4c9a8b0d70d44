"""How far an order has come: which part is next, and what became of each line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lab_core.outcomes import OutcomeCode
from lab_core.scene import Scene
from lab_language.errors import LanguageError
from lab_language.grounding.evaluate import Grounding, Scored, Verdict, ground
from lab_language.grounding.port import Grounder, Image
from lab_language.models.description import InvalidModel
from lab_tasks.ledger import Failure, Fate, Ledger, Record
from lab_tasks.orders.order import Handling, Line, Order

CODES = {
    Verdict.AMBIGUOUS: OutcomeCode.AMBIGUOUS,
    Verdict.ABSENT: OutcomeCode.ABSENT,
    Verdict.BLOCKED: OutcomeCode.BLOCKED,
}


@dataclass(slots=True, eq=False)
class LineState:
    """One line on its way. failure: why it does not go on, None while it does. candidates: of the scene in
    which its parts were last looked for.
    """

    line: Line
    failure: Failure | None = None
    candidates: tuple[Scored, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The part to move next, and its destinations."""

    record: Record
    destinations: tuple[str, ...]


class Progress:
    """The lines of an order over the books of a task."""

    def __init__(
        self,
        order: Order,
        ledger: Ledger,
        grounder: Grounder | None = None,
        image_of: Callable[[Scene], Image | None] | None = None,
    ) -> None:
        """image_of: the image of a scene, for a grounder that sees images."""
        self.order, self._ledger, self._grounder = order, ledger, grounder
        self._image_of = image_of
        self.states = [LineState(line) for line in order.lines]

    def next(self, scene: Scene) -> Choice | None:
        """The part to move next, of the first line that can go on; None when none can.

        The record of the part then knows its line. A line that was ambiguous once has ended: what other lines
        take away must not decide for it.
        """
        for index, state in enumerate(self.states):
            if state.ended:
                continue
            choice = self._of_line(index, state, scene)
            if choice is not None:
                state.failure = None
                return choice
        return None

    def placed(self, index: int) -> int:
        """Parts that were put down for a line."""
        return sum(r.fate is Fate.PLACED and r.line == index for r in self._ledger.records)

    def failures(self) -> list[tuple[int, Failure]]:
        """Of the lines that are not fulfilled, by their index."""
        return [
            (index, failure)
            for index, state in enumerate(self.states)
            if (failure := self._failure(index, state)) is not None
        ]

    def _failure(self, index: int, state: LineState) -> Failure | None:
        records = [record for record in self._ledger.records if record.line == index]
        line = state.line
        if line.everything:
            return self._everything_left()
        missing = line.wanted - self.placed(index) if line.wanted else 0
        lost = sum(record.fate is Fate.LOST for record in records)
        if missing <= 0 and (line.wanted or not lost):
            return None if line.wanted else state.failure
        if lost and (state.failure is None or state.failure.code == OutcomeCode.ABSENT):
            return Failure(OutcomeCode.OBJECTS_LEFT, "task", f"{lost} of '{line.query}' went out of view")
        untold = Failure(OutcomeCode.OBJECTS_LEFT, "task", f"{missing} of '{line.query}' are missing")
        return state.failure or untold

    def _everything_left(self) -> Failure | None:
        left, lost = self._ledger.left, self._ledger.lost
        if not left and not lost:
            return None
        gone = f" and {lost} went out of view" if lost else ""
        message = f"{len(left)} of {self._ledger.presented} parts are left{_reasons(left)}{gone}"
        return Failure(OutcomeCode.OBJECTS_LEFT, "task", message)

    def _of_line(self, index: int, state: LineState, scene: Scene) -> Choice | None:
        line, placed = state.line, self.placed(index)
        if line.wanted and placed >= line.wanted:
            state.ended = True
            return None
        if line.everything:
            record = self._ledger.next()
            return None if record is None else self._chosen(record, index, line.given.to, line.given.handling)
        records = {record.object.id: record for record in self._ledger.left}
        given_up = [name for name, record in records.items() if record.left]
        try:
            found = ground(
                line.remaining(placed),
                scene,
                line.given.side,
                self._grounder,
                None if self._image_of is None else self._image_of(scene),
                unavailable=given_up,
            )
        except (LanguageError, InvalidModel) as error:
            state.failure, state.ended = Failure.of(error), True
            return None
        state.candidates = found.candidates
        if found.verdict in (Verdict.FOUND, Verdict.ABSENT):
            record = self._ledger.first([records[part.id] for part in found.parts if part.id in records])
            if record is not None:
                return self._chosen(record, index, line.given.to, line.given.handling)
        if found.verdict is Verdict.BLOCKED and line.given.clear_away_to:
            above = self._ledger.first(
                [records[part.id] for part in found.blocking[:1] if part.id in records]
            )
            if above is not None:  # it is moved for the line, and is none of its parts
                return self._chosen(
                    above, None, (line.given.clear_away_to,), replace(line.given.handling, places=())
                )
        state.failure = self._why(index, line, found, [records[name] for name in given_up])
        state.ended = found.verdict is Verdict.AMBIGUOUS
        return None

    def _why(self, index: int, line: Line, found: Grounding, given_up: Sequence[Record]) -> Failure | None:
        """Why a line does not go on; None where all that fits is moved."""
        tried = [record for record in given_up if record.line == index]
        if tried:
            return Failure(
                OutcomeCode.OBJECTS_LEFT,
                "task",
                f"{len(tried)} of '{line.query}' are left{_reasons(tried)}",
            )
        if found.verdict is Verdict.ABSENT and not line.wanted and self.placed(index):
            return None
        if found.verdict is Verdict.FOUND:  # it is not in the books any more: another look tells
            return Failure(OutcomeCode.ABSENT, "language", f"'{line.query}' went out of view")
        message = found.message
        if line.wanted > 1 and (placed := self.placed(index)):
            message = f"{placed} of {line.wanted} placed, then {message}"
        return Failure(CODES[found.verdict], "language", message)

    def _chosen(self, record: Record, index: int | None, to: tuple[str, ...], handling: Handling) -> Choice:
        record.line, record.destinations, record.handling = index, to, handling
        return Choice(record, to)


def _reasons(records: Sequence[Record]) -> str:
    codes = sorted({record.failure.code.name for record in records if record.failure is not None})
    return f" ({', '.join(codes)})" if codes else ""
