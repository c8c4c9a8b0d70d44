"""What a sentence asks for. Nothing is guessed: what is not understood is said, and nothing moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from lab_language.errors import Contradiction, Forbidden, NotUnderstood, quoted
from lab_language.query import Query, Side
from lab_language.words.grammar import NotASentence, Way, parse_order, parse_phrase
from lab_language.words.lexicon import Lexicon
from lab_language.words.text import checked
from lab_language.words.tokens import Word, ways, words_of

T = TypeVar("T")

CHINESE = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be moved, the words that say so, and the destinations, the first that takes it; none where
    nothing was said.
    """

    what: Query
    phrase: str
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a sentence asks for: moves, or a stop and nothing else.

    side: from which left, right, front and back are said; None where it does not say.
    """

    moves: tuple[Move, ...] = ()
    stop: bool = False
    side: Side | None = None


def language_of(sentence: str) -> str:
    """Name of the lexicon that comes along for the script of a sentence."""
    return "zh_hk" if CHINESE.search(sentence) else "en"


def understand(sentence: str, lexicon: Lexicon) -> Instruction:
    """What a sentence asks for.

    Raises a LanguageError: nothing is to be moved then.
    """
    words = words_of(checked(sentence), lexicon)
    kinds = [{reading.terminal for reading in word.readings} for word in words]
    for word, kind in zip(words, kinds, strict=True):
        if "FORBID" in kind:
            raise Forbidden(word.text)
    if any("STOP" in kind for kind in kinds):
        if all(kind & {"STOP", "FILLER", "AND"} for kind in kinds):
            return Instruction(stop=True)
        raise Contradiction("a stop is said alone: nothing moves after it in the same sentence")
    if resume := next((w for w, kind in zip(words, kinds, strict=True) if "RESUME" in kind), None):
        raise NotUnderstood(
            f"{quoted(resume.text)} moves nothing: what was stopped is reset by hand, then say the order anew"
        )
    words, side = _side(words)
    way, elements = _first(words, lexicon, parse_order)
    moves: list[Move] = []
    waiting: list[Move] = []
    for element in elements:
        if element.what is not None:
            phrase = (" " if lexicon.spaces else "").join(text for text, _ in way[slice(*element.words)])
            waiting.append(Move(element.what, phrase))
        if element.destinations:
            if not waiting:
                raise NotUnderstood("the sentence does not say what is to be moved")
            moves += [replace(each, destinations=element.destinations) for each in waiting]
            waiting = []
    moves += waiting
    _refuse_twice(moves)
    return Instruction(tuple(moves), side=side)


def understand_phrase(phrase: str, lexicon: Lexicon) -> tuple[Query, Side | None]:
    """The parts that a phrase describes, and the side that it is said from.

    Raises a LanguageError.
    """
    words = words_of(checked(phrase), lexicon)
    for word in words:
        if any(reading.terminal == "FORBID" for reading in word.readings):
            raise Forbidden(word.text)
    words, side = _side(words)
    return _first(words, lexicon, parse_phrase)[1], side


def _first(words: list[Word], lexicon: Lexicon, parse: Callable[[Way, str], T]) -> tuple[Way, T]:
    """The first way to read the words that follows the grammar, and what it says."""
    furthest: NotASentence | None = None
    for way in ways(words):
        if not way:
            raise NotUnderstood("the sentence says nothing: say what is to be moved, and where to")
        try:
            return way, parse(way, lexicon.grammar)
        except NotASentence as error:
            if furthest is None or error.reached > furthest.reached:
                furthest = error
    raise NotUnderstood(str(furthest))


def _side(words: list[Word]) -> tuple[list[Word], Side | None]:
    said = {word.readings[0].value for word in words if word.readings[0].terminal == "SIDE"}
    if len(said) > 1:
        raise Contradiction("left and right are said from two sides: say one of them")
    rest = [word for word in words if word.readings[0].terminal != "SIDE"]
    side: Side | None = None if not said else "robot" if "robot" in said else "operator"
    return rest, side


def _refuse_twice(moves: list[Move]) -> None:
    for index, move in enumerate(moves):
        for other in moves[:index]:
            if other.what == move.what and move.what.quantity.number != "any":
                raise Contradiction(f"'{move.what}' is said twice: say once where it goes")
