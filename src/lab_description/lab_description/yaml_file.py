"""The one way in which YAML is read: plain scalars, lists and mappings, within a budget.

Built from the parser's events, not by one of its loaders: those know tags that make objects, merge keys that
double at every level, and scalars (octal numbers, `1:30`, `on`) that are not what their writer meant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lab_core.errors import ConfigurationError
from lab_node.bounded_file import read_bounded_text

try:  # with libyaml, ten times as fast
    from yaml import CSafeLoader as _Parser
except ImportError:
    from yaml import SafeLoader as _Parser  # type: ignore[assignment]

MAXIMUM_FILE_SIZE = 1 << 20
# Of a file, each alias counted as what it stands for: a few lines of YAML can stand for billions of values.
MAXIMUM_VALUES = 100_000
MAXIMUM_DEPTH = 50
# Of a number: more digits than these say nothing.
MAXIMUM_DIGITS = 40

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS = {word: value for value, name in ((True, "true"), (False, "false")) for word in (name, name.title())}
_WORDS |= {"TRUE": True, "FALSE": False}
_NOTHING = ("", "~", "null", "Null", "NULL")


def read_yaml(path: Path) -> object:
    """Content of a YAML file: dict, list, str, int, float, bool, date or None.

    Raises ConfigurationError when the file is absent, too large, not UTF-8 or not plain YAML, or names a key
    twice.
    """
    return parse_yaml(read_bounded_text(path, MAXIMUM_FILE_SIZE), path)


def parse_yaml(text: str, path: Path) -> object:
    """Content of YAML text. path: where it is from, for the sentence of a failure.

    Raises ConfigurationError.
    """
    try:
        return _Builder(path, iter(yaml.parse(text, Loader=_Parser))).document()
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{line}: not valid YAML: {error.problem or error}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


@dataclass(slots=True)
class _Anchored:
    """What an anchor stands for. values: how many; None while it is being built."""

    value: Any = None
    values: int | None = None


class _Builder:
    """Makes the content of one document of its events."""

    def __init__(self, path: Path, events: Iterator[Any]) -> None:
        self._path = path
        self._events = events
        self._values = 0
        self._anchors: dict[str, _Anchored] = {}

    def document(self) -> object:
        """The content; None of an empty file."""
        content, documents = None, 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "one document is expected, not several")
                content = self._node(next(self._events), 0)
        return content

    def _node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(1)
        if event.tag is not None:
            raise self._error(event, f"tags such as {event.tag[:40]} are not read: write a plain value")
        anchored = _Anchored()
        if event.anchor is not None:
            self._anchors[event.anchor] = anchored
        before = self._values
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self._scalar(event)
        elif depth >= MAXIMUM_DEPTH:
            raise ConfigurationError(f"{self._path}: nested more than {MAXIMUM_DEPTH} deep")
        elif isinstance(event, yaml.SequenceStartEvent):
            value = list(self._items(depth))
        else:
            value = self._mapping(depth)
        anchored.value, anchored.values = value, 1 + self._values - before
        return value

    def _items(self, depth: int) -> Iterator[Any]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._error(event, "a key is expected to be a plain value")
            if event.value == "<<" and not event.style:
                raise self._error(event, "merge keys (<<) are not read: write the keys out")
            key = self._node(event, depth + 1)
            if key in mapping:
                raise self._error(event, f"key {event.value[:60]!r} is given twice")
            mapping[key] = self._node(next(self._events), depth + 1)
        return mapping

    def _alias(self, event: Any) -> Any:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise self._error(event, f"alias *{event.anchor[:40]} stands for nothing")
        if anchored.values is None:
            raise self._error(event, f"alias *{event.anchor[:40]} holds itself")
        self._count(anchored.values)
        return anchored.value

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MAXIMUM_VALUES:
            raise ConfigurationError(
                f"{self._path}: holds more than {MAXIMUM_VALUES} values, each of its aliases counted as what"
                " it stands for"
            )

    def _scalar(self, event: Any) -> Any:
        """A quoted text is a text; what is not a number, a day, true, false or null is one too."""
        text: str = event.value
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text in _NOTHING:
            return None
        if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
            return self._number(event)
        if _NOT_FINITE.fullmatch(text):
            return float(text.replace(".", "", 1))
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError as error:
                raise self._error(event, f"{text} is no day: {error}") from None
        return text

    def _number(self, event: Any) -> int | float:
        text: str = event.value
        if len(text) > MAXIMUM_DIGITS:
            raise self._error(event, f"a number of {len(text)} digits, at most {MAXIMUM_DIGITS} are read")
        number = int(text) if _INTEGER.fullmatch(text) else float(text)
        if not math.isfinite(number):
            raise self._error(event, f"the number {text} is too large")
        return number

    def _error(self, event: Any, words: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}, line {event.start_mark.line + 1}: not valid YAML: {words}")
