"""Orders from files and from sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from lab_description.configuration import config_directory, find
from lab_description.schema import Count, Quantity, parse, read_yaml
from lab_language.query import Side
from lab_language.words.lexicon import load_lexicon
from lab_language.words.sentence import language_of, understand
from lab_language.words.tokens import PART_NAME
from lab_tasks.orders.order import ALL, AS_SAID, MOST_FORCE, Handling, InvalidOrder, OrderLine

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _FileLine:
    """A line of config/orders/NAME.yaml. to: a name or a list; how_many: a number, or 'all'; speed,
    max_force, places: see Handling.
    """

    what: str
    to: object
    how_many: object = None
    clear_away_to: str | None = None
    speed: Annotated[float, Quantity("", 0.01, 1.0)] | None = None
    max_force: Annotated[float, Quantity("N", 0.1, MOST_FORCE)] | None = None
    places: tuple[Count, ...] = ()

    def __post_init__(self) -> None:
        names = self.to if isinstance(self.to, list) else [self.to]
        if not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"to: expected a destination or a list of them, found {str(self.to)[:60]!r}")
        number = isinstance(self.how_many, int) and not isinstance(self.how_many, bool) and self.how_many >= 1
        if not (self.how_many in (None, "all") or number):
            raise ValueError(
                f"how_many: expected a whole number of at least 1, or all, found {str(self.how_many)[:60]!r}"
            )

    def line(self, language: str, side: Side) -> OrderLine:
        names = self.to if isinstance(self.to, list) else [self.to]
        how_many = self.how_many if isinstance(self.how_many, int) else ALL if self.how_many else AS_SAID
        return OrderLine(
            self.what,
            tuple(map(str, names)),
            how_many,
            language,
            side,
            self.clear_away_to or "",
            Handling(self.speed or 0.0, self.max_force or 0.0, self.places),
        )


@dataclass(frozen=True)
class _OrderFile:
    """Content of a file. language: lexicon of the phrases."""

    lines: tuple[_FileLine, ...]
    language: str = "en"
    side: Side = "operator"


def read_order(text: str, destinations: Collection[str]) -> list[OrderLine]:
    """The lines of an order: of a name in config/orders, of the path of a YAML file, or of a sentence.

    destinations: names of the cell's, the first one is where parts go when the sentence does not say.
    Raises InvalidOrder, LanguageError, ConfigurationError; the text names the fix.
    """
    if not text.strip():
        raise InvalidOrder("the order is empty: name a file of config/orders, or say what is to be moved")
    named = text.endswith((".yaml", ".yml"))
    if named or (_NAME.fullmatch(text) and text in order_names()):
        return order_file(Path(text) if named else text)
    if _NAME.fullmatch(text) and not PART_NAME.fullmatch(text):
        known = ", ".join(order_names())
        raise InvalidOrder(f"no order '{text[:60]}': orders are {known}; a sentence has several words")
    return spoken_order(text, list(destinations))


def order_names() -> list[str]:
    """The orders that come along, and those that were put beside them."""
    return sorted(path.stem for path in (config_directory() / "orders").glob("*.yaml"))


def order_file(name: str | Path) -> list[OrderLine]:
    """The lines of a file. Raises ConfigurationError, which names file, key and fix."""
    path = find("orders", name)
    content = parse(_OrderFile, read_yaml(path), path)
    return [line.line(content.language, content.side) for line in content.lines]


def spoken_order(sentence: str, destinations: Sequence[str], language: str = "") -> list[OrderLine]:
    """The lines of a sentence. language: a lexicon; empty: by the script of the sentence.

    Raises LanguageError, InvalidOrder.
    """
    language = language or language_of(sentence)
    said = understand(sentence, load_lexicon(language).with_destinations(destinations))
    if said.stop:
        raise InvalidOrder("a stop is no order: stop the cell by its stop key or /cell/stop")
    return [
        OrderLine(
            move.phrase,
            move.destinations or tuple(destinations[:1]),
            language=language,
            side=said.side or "operator",
        )
        for move in said.moves
    ]
