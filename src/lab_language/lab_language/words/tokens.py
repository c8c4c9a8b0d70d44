"""A sentence in words of the lexicon, the longest that fit first."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab_language.errors import NotUnderstood, UnknownWords, UnusableSentence
from lab_language.words.lexicon import FILLER, Lexicon, Reading
from lab_language.words.text import PAUSE

MAXIMUM_TOKENS = 80
MAXIMUM_WAYS = 1024
_NUMBER = re.compile(r"[-+−]?\d+(\.\d+)?")
PART_NAME = re.compile(r"object_\d{1,9}")
"""Of a part, as perception tells it and the screens show it."""
_LATIN = re.compile(r"[-+−]?\d+(?:\.\d+)?|[a-z0-9_'-]+|.", re.DOTALL)
_AND = (Reading("AND", "and"),)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was said, and what it may be."""

    text: str
    readings: tuple[Reading, ...]


def words_of(text: str, lexicon: Lexicon) -> list[Word]:
    """The words of a text in normal form. Raises UnknownWords, UnusableSentence."""
    pieces = text.split() if lexicon.spaces else _LATIN.findall(text)
    found: list[Word] = []
    unknown: list[str] = []
    at, gap = 0, True
    while at < len(pieces):
        if pieces[at].isspace():
            at, gap = at + 1, True
            continue
        length, word = _longest(pieces, at, lexicon)
        if word is not None:
            found.append(word)
        elif gap or lexicon.spaces:
            unknown.append(pieces[at])
        else:
            unknown[-1] += pieces[at]  # signs in a row are named together
        at, gap = at + length, word is not None
    if unknown:
        raise UnknownWords(unknown, lexicon.language)
    if len(found) > MAXIMUM_TOKENS:
        raise UnusableSentence(
            f"the sentence has {len(found)} words, at most {MAXIMUM_TOKENS} are read: say less at once"
        )
    return found


def _longest(pieces: list[str], at: int, lexicon: Lexicon) -> tuple[int, Word | None]:
    if pieces[at] == PAUSE:
        return 1, Word(",", _AND)
    for length in range(min(lexicon.longest, len(pieces) - at), 0, -1):
        text = (" " if lexicon.spaces else "").join(pieces[at : at + length])
        if text in lexicon.readings:
            return length, Word(text, lexicon.readings[text])
    if PART_NAME.fullmatch(pieces[at]):
        return 1, Word(pieces[at], (Reading("NAME", pieces[at]),))
    if _NUMBER.fullmatch(pieces[at]):
        return 1, Word(pieces[at], (Reading("NUMBER", pieces[at].replace("−", "-")),))
    return 1, None


def ways(words: list[Word]) -> Iterator[list[tuple[str, Reading]]]:
    """Every way to read the words, the likeliest first: pairs of text and reading, without fillers.

    Raises NotUnderstood when there are too many.
    """
    count = 1
    for word in words:
        count *= len(word.readings)
    if count > MAXIMUM_WAYS:
        raise NotUnderstood("the sentence can be read in too many ways: say less at once")
    for chosen in itertools.product(*(word.readings for word in words)):
        way = [
            (word.text, reading)
            for word, reading in zip(words, chosen, strict=True)
            if reading.terminal != FILLER
        ]
        yield _one_and(way)


def _one_and(way: list[tuple[str, Reading]]) -> list[tuple[str, Reading]]:
    """Pauses and several words for 'and' in a row are one; at the ends they say nothing."""
    kept: list[tuple[str, Reading]] = []
    for text, reading in way:
        if reading.terminal == "AND" and (not kept or kept[-1][1].terminal == "AND"):
            continue
        kept.append((text, reading))
    while kept and kept[-1][1].terminal == "AND":
        kept.pop()
    return kept
