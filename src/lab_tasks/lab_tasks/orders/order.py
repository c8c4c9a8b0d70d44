"""An order: lines of what, how many and where to. It is whole and sound before anything moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from lab_core.errors import InvalidRequestError, LabError
from lab_language.query import Quantity, Query, Side
from lab_language.words.lexicon import load_lexicon
from lab_language.words.sentence import understand_phrase

ALL = -1
"""How many: as many as there are."""
AS_SAID = 0
"""How many: as the words say."""
MOST_LINES = 50
MOST_FORCE, MOST_PLACES = 5000.0, 500


class InvalidOrder(InvalidRequestError):
    """An order that cannot be carried out; the text names the line and the fix."""

    stage = "task"


@dataclass(frozen=True, slots=True)
class Handling:
    """How a part is handled. speed: share of the cell's; 0: all of it. max_force: of the grip, newtons; 0: as
    the cell does. places: of the first destination that may be used, from 1; empty: all.
    """

    speed: float = 0.0
    max_force: float = 0.0
    places: tuple[int, ...] = ()


AS_THE_CELL = Handling()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as it was given. how_many: a number from 1, ALL or AS_SAID. to: destinations of the cell, the
    first that takes the part. clear_away_to: where what lies on such a part is put first; empty: nowhere.
    side: from which left, right, front and back are said.
    """

    what: str
    to: tuple[str, ...]
    how_many: int = AS_SAID
    language: str = "en"
    side: Side = "operator"
    clear_away_to: str = ""
    handling: Handling = AS_THE_CELL


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is understood: what was given, and the query with the number of parts."""

    given: OrderLine
    query: Query

    @property
    def wanted(self) -> int:
        """How many parts; 0: all that there are."""
        return 0 if self.query.quantity.number == "all" else self.query.quantity.count

    @property
    def everything(self) -> bool:
        """Whether it means every part there is."""
        return self.query.anything and self.wanted == 0

    def remaining(self, placed: int) -> Query:
        """The query for what is still wanted after some parts were placed."""
        quantity = self.query.quantity
        if quantity.number != "any":
            return self.query
        return replace(self.query, quantity=Quantity("any", max(1, quantity.count - placed)))

    @property
    def destinations(self) -> tuple[str, ...]:
        """All that it may use."""
        return tuple(dict.fromkeys((*self.given.to, *filter(None, [self.given.clear_away_to]))))


@dataclass(frozen=True, slots=True)
class Order:
    """Lines, carried out one after the other."""

    lines: tuple[Line, ...]

    @property
    def destinations(self) -> tuple[str, ...]:
        """All that its lines may use, in their order."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line.destinations))

    def __str__(self) -> str:
        """As a person reads it."""
        return "; ".join(f"{line.query} to {' or '.join(line.given.to)}" for line in self.lines)


def understood(lines: Sequence[OrderLine], destinations: Collection[str]) -> Order:
    """The order of lines, each understood. destinations: names of the cell's.

    Raises InvalidOrder, which names the line and the fix, ConfigurationError of a lexicon.
    """
    if not lines:
        raise InvalidOrder("the order has no lines: say what is to be moved, and where to")
    if len(lines) > MOST_LINES:
        raise InvalidOrder(f"the order has {len(lines)} lines, at most {MOST_LINES} are carried out")
    made = [_understood(line, destinations, number) for number, line in enumerate(lines, 1)]
    for index, line in enumerate(made):
        again = next((i for i, other in enumerate(made[:index]) if other.query == line.query), None)
        if again is not None and line.query.quantity.number != "any":
            raise InvalidOrder(
                f"lines {again + 1} and {index + 1} both mean '{line.query}': say once where it goes"
            )
    return Order(tuple(made))


def _understood(line: OrderLine, destinations: Collection[str], number: int) -> Line:
    where = f"line {number}"
    if not line.to:
        raise InvalidOrder(f"{where} has no destination: the cell has {', '.join(destinations)}")
    for name in (*line.to, *filter(None, [line.clear_away_to])):
        if name not in destinations:
            raise InvalidOrder(
                f"{where}: no destination '{name[:60]}': the cell has {', '.join(destinations)}"
            )
    _check_handling(line, where)
    if line.side not in ("operator", "robot"):
        raise InvalidOrder(f"{where}: side is '{str(line.side)[:60]}', expected operator or robot")
    if not ALL <= line.how_many <= 1000:
        raise InvalidOrder(f"{where}: how_many is {line.how_many}, expected 1 to 1000, or all")
    lexicon = load_lexicon(line.language)
    try:
        query, side = understand_phrase(line.what, lexicon)
    except LabError as error:
        raise InvalidOrder(f"{where}: {error}") from error
    if line.how_many != AS_SAID:
        query = _counted(query, line.how_many, where)
    return Line(replace(line, side=side or line.side), query)


def _check_handling(line: OrderLine, where: str) -> None:
    """Raises InvalidOrder."""
    speed, force, places = line.handling.speed, line.handling.max_force, line.handling.places
    if not 0.0 <= speed <= 1.0:
        raise InvalidOrder(f"{where}: speed is {speed:g}, expected a share of the cell's, above 0 up to 1")
    if not 0.0 <= force <= MOST_FORCE:
        raise InvalidOrder(f"{where}: max_force is {force:g} N, expected above 0 up to {MOST_FORCE:g} N")
    if not all(1 <= number <= MOST_PLACES for number in places) or len(set(places)) < len(places):
        raise InvalidOrder(
            f"{where}: places are {list(places)[:8]}, expected different numbers from 1 to {MOST_PLACES}"
        )
    if places and line.how_many > len(places):
        raise InvalidOrder(f"{where}: {line.how_many} parts do not fit into {len(places)} places")


def _counted(query: Query, how_many: int, where: str) -> Query:
    """The query with the number that the line gives besides its words."""
    said = query.quantity
    if said.number == "any" and said.count not in (1, how_many):
        raise InvalidOrder(f"{where}: the words say {said.count} parts and how_many says {how_many}")
    if how_many == ALL and query.superlatives:
        raise InvalidOrder(f"{where}: all parts and the most of them do not go together")
    quantity = Quantity("all") if how_many == ALL else Quantity("any", how_many)
    return replace(query, quantity=quantity)
