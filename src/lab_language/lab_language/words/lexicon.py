"""The words of one language, from config/language/NAME.yaml: what each may mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from lab_core.errors import ConfigurationError
from lab_description.configuration import find
from lab_description.schema import parse, read_yaml
from lab_language.words.text import normal

Words = Mapping[str, tuple[str, ...]]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


MEANINGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "colours": _set("red orange yellow green cyan blue purple pink brown black grey white"),
        "shapes": _set("round square flat long"),
        "sizes": _set("large small tall low"),
        "nouns": _set("box plate bar cylinder disc ball ring part"),
        "plurals": _set("box plate bar cylinder disc ball ring part"),
        "superlatives": _set("large small tall low left right near far"),
        "relations": _set("left_of right_of in_front_of behind on under next_to between nearest_to"),
        "sides": _set("operator robot"),
        "functions": _set("the any all of it to and more with or not forbid except besides from filler"),
    }
)
"""What the program knows; words for anything else would have no meaning. Labels, numbers and destinations are
free.
"""
TERMINALS = {
    "colours": "COLOUR",
    "shapes": "SHAPE",
    "sizes": "SIZE",
    "nouns": "NOUN",
    "plurals": "NOUNS",
    "labels": "LABEL",
    "superlatives": "MOST",
    "relations": "RELATION",
    "sides": "SIDE",
    "numbers": "NUMBER",
    "destinations": "DESTINATION",
}
MAXIMUM_WORDS = 10_000
FILLER = "FILLER"


@dataclass(frozen=True)
class LexiconFile:
    """Content of a file. extends: name of the lexicon that this one adds words to."""

    language: str = ""
    extends: str | None = None
    spaces: bool = True
    grammar: Literal["english", "chinese"] = "english"
    colours: Words = field(default_factory=dict)
    shapes: Words = field(default_factory=dict)
    sizes: Words = field(default_factory=dict)
    nouns: Words = field(default_factory=dict)
    plurals: Words = field(default_factory=dict)
    labels: Words = field(default_factory=dict)
    superlatives: Words = field(default_factory=dict)
    relations: Words = field(default_factory=dict)
    sides: Words = field(default_factory=dict)
    numbers: Words = field(default_factory=dict)
    verbs: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    destinations: Words = field(default_factory=dict)
    functions: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a word may be: a terminal of the grammar, and its value."""

    terminal: str
    value: str


@dataclass(frozen=True)
class Lexicon:
    """The words of one language.

    readings: of each word or group of words, in normal form, what it may be, the likeliest first. longest:
    words of the longest entry, of a language without spaces its signs.
    """

    language: str
    spaces: bool
    grammar: str
    readings: Mapping[str, tuple[Reading, ...]]
    longest: int

    def with_destinations(self, names: Iterable[str]) -> Lexicon:
        """The lexicon that also knows the destinations of a cell by their own names."""
        readings = dict(self.readings)
        for name in names:
            word = normal(name.replace("_", " "))
            mine = Reading("DESTINATION", name)
            if word and mine not in readings.get(word, ()):
                readings[word] = (*readings.get(word, ()), mine)
        return dataclasses.replace(self, readings=readings, longest=_longest(readings, self.spaces))


def load_lexicon(name_or_path: str | Path) -> Lexicon:
    """The lexicon of a name in config/language or of a path.

    Raises ConfigurationError, which names the file, the key and the fix.
    """
    files = _files(name_or_path, ())
    readings: dict[str, list[Reading]] = {}
    for path, content in files:
        _add(readings, path, content)
    path, first = files[-1][0], files[0][1]
    if len(readings) > MAXIMUM_WORDS:
        raise ConfigurationError(f"{path}: {len(readings)} words, at most {MAXIMUM_WORDS} are read")
    language = files[-1][1].language or first.language
    if not language:
        raise ConfigurationError(f"{path}: language: missing, expected a tag such as en or zh-HK")
    fixed = {word: tuple(several) for word, several in readings.items()}
    return Lexicon(
        language, first.spaces, first.grammar, MappingProxyType(fixed), _longest(fixed, first.spaces)
    )


def _files(name: str | Path, seen: tuple[Path, ...]) -> list[tuple[Path, LexiconFile]]:
    """The files of a lexicon, the one that is extended first."""
    path = find("language", name)
    if path in seen:
        raise ConfigurationError(f"{path}: extends: the lexicons extend each other in a circle")
    content = parse(LexiconFile, read_yaml(path), path)
    before = [] if content.extends is None else _files(content.extends, (*seen, path))
    return [*before, (path, content)]


def _add(readings: dict[str, list[Reading]], path: Path, content: LexiconFile) -> None:
    for key in ("verbs", "stop", "resume"):
        for word in getattr(content, key):
            _enter(readings, path, key, word, Reading({"verbs": "VERB"}.get(key, key.upper()), key))
    for key, known in [*MEANINGS.items(), *((name, None) for name in ("labels", "numbers", "destinations"))]:
        for value, words in getattr(content, key).items():
            if known is not None and value not in known:
                raise ConfigurationError(
                    f"{path}: {key}.{value}: has no meaning here, expected one of {', '.join(sorted(known))}"
                )
            if key == "numbers" and not (value.isascii() and value.isdigit() and len(value) <= 4):
                raise ConfigurationError(f"{path}: numbers.{value}: expected a whole number such as '3'")
            for word in words:
                _enter(readings, path, key, word, Reading(_terminal(key, value), value))


def _terminal(key: str, value: str) -> str:
    if key == "relations" and value in ("between", "nearest_to"):  # these have an order of words of their own
        return value.removesuffix("_to").upper()
    return TERMINALS.get(key, value.upper())


def _enter(readings: dict[str, list[Reading]], path: Path, key: str, word: str, reading: Reading) -> None:
    form = normal(word)
    if not form:
        raise ConfigurationError(f"{path}: {key}: {word!r} is no word")
    several = readings.setdefault(form, [])
    for other in several:
        if other.terminal == reading.terminal and other.value != reading.value:
            raise ConfigurationError(
                f"{path}: {key}.{reading.value}: {word!r} already means {other.value}; a word has one meaning"
            )
    if reading not in several:
        several.append(reading)


def _longest(readings: Mapping[str, object], spaces: bool) -> int:
    return max((len(word.split()) if spaces else len(word) for word in readings), default=1)
