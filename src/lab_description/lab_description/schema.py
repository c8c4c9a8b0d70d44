"""Strict YAML into frozen dataclasses: every key is known, every value has its type, unit and range.

Whatever is wrong ends in one ConfigurationError that names file, key, what was expected and what was found.
A library was not taken: the one that both supported ROS 2 distributions package differs by a major version
between them.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from lab_core.errors import ConfigurationError
from lab_description.yaml_file import read_yaml as read_yaml

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Range and unit of a number: what Annotated[float, Quantity(...)] carries."""

    unit: str
    minimum: float
    maximum: float

    @property
    def range(self) -> str:
        return f"{self.minimum:.6g} … {self.maximum:.6g} {self.unit}".rstrip()

    def hint(self, value: float) -> str:
        """What the writer may have meant: the same figure in millimetres or degrees."""
        for unit, other, factor in (("m", "millimetres", 1e-3), ("rad", "degrees", math.pi / 180.0)):
            if self.unit == unit and self.minimum <= value * factor <= self.maximum:
                return f"; if that is in {other}, write {value * factor:.6g}"
        return ""


Length = Annotated[float, Quantity("m", -10.0, 10.0)]
Size = Annotated[float, Quantity("m", 1e-4, 10.0)]
Angle = Annotated[float, Quantity("rad", -2.0 * math.pi, 2.0 * math.pi)]
Ratio = Annotated[float, Quantity("", 0.0, 1.0)]
Positive = Annotated[float, Quantity("", 1e-9, 1e9)]
Number = Annotated[float, Quantity("", -1e9, 1e9)]
Count = Annotated[int, Quantity("", 1, 100_000)]
Vector = tuple[Length, Length, Length]
Angles = tuple[Angle, Angle, Angle]
Sizes = tuple[Size, Size, Size]
Colour = tuple[Ratio, Ratio, Ratio]


def parse(cls: type[T], content: object, file: Path, **given: object) -> T:
    """The content of a file as an instance of a dataclass; `given` fills fields that the file does not hold.

    Raises ConfigurationError.
    """
    if not isinstance(content, dict):
        raise ConfigurationError(
            # not what it holds: it may be any file of the machine that somebody named
            f"{file}: expected keys and values ({', '.join(_keys(cls))}), found {_kind(content)}"
        )
    value = _dataclass(cls, content, _Place(file, ""), given)
    assert isinstance(value, cls)
    return value


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which file a value stands."""

    file: Path
    key: str

    def __truediv__(self, key: object) -> _Place:
        return _Place(self.file, f"{self.key}.{key}" if self.key else str(key))

    def error(self, expected: str, found: object, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.file}: {self.key}: expected {expected}, found {_show(found)}{hint}")


def _dataclass(cls: Any, content: object, place: _Place, given: Mapping[str, object]) -> object:
    hints = _hints(cls)
    keys = [key for key in _keys(cls) if key not in given]
    if not isinstance(content, dict):
        raise place.error(f"keys and values ({', '.join(keys)})", content)
    for key in content:
        if key not in keys:
            close = difflib.get_close_matches(str(key), keys, n=1)
            fix = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(keys)}"
            raise ConfigurationError(f"{place.file}: {(place / key).key}: unknown key; {fix}")
    values = dict(given)
    for field in dataclasses.fields(cls):
        if field.name in values:
            continue
        if field.name in content:
            values[field.name] = _value(hints[field.name], content[field.name], place / field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigurationError(
                f"{place.file}: {(place / field.name).key}: missing, expected {_describe(hints[field.name])}"
            )
    try:
        return cls(**values)
    except ValueError as error:
        where = f"{place.file}: {place.key}" if place.key else str(place.file)
        raise ConfigurationError(f"{where}: {error}") from error


def _value(hint: Any, value: object, place: _Place) -> object:
    """One value of the wanted type, or an error at its place."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _number(arguments[0], arguments[1], value, place)
    if origin in (Union, types.UnionType):  # only "X | None" occurs
        return None if value is None else _value(arguments[0], value, place)
    if origin is Literal:
        if value not in arguments:
            raise place.error(_describe(hint), value)
        return value
    if origin is tuple and arguments[-1] is not Ellipsis:
        if not isinstance(value, list) or len(value) != len(arguments):
            raise place.error(_describe(hint), value)
        return tuple(
            _value(kind, item, place / index)
            for index, (kind, item) in enumerate(zip(arguments, value, strict=True))
        )
    if origin is tuple:
        if not isinstance(value, list):
            raise place.error(_describe(hint), value)
        return tuple(_value(arguments[0], item, place / index) for index, item in enumerate(value))
    if origin in (dict, Mapping):
        if not isinstance(value, dict) or not all(isinstance(key, str) and key for key in value):
            raise place.error(_describe(hint), value)
        return types.MappingProxyType(
            {key: _value(arguments[1], item, place / key) for key, item in value.items()}
        )
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, place, {})
    if not isinstance(value, hint) or value == "":
        raise place.error(_describe(hint), value)
    return value


def _number(kind: type, quantity: Quantity, value: object, place: _Place) -> float | int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and (kind is int or not isinstance(value, float) or not math.isfinite(value)):
        exponent = isinstance(value, str) and re.fullmatch(r"[-+]?\d+e[-+]?\d+", value)
        hint = "; YAML reads an exponent only after a point and with a sign: 1.0e-6" if exponent else ""
        raise place.error(_describe(Annotated[kind, quantity]), value, hint)
    assert isinstance(value, int | float)
    if not quantity.minimum <= value <= quantity.maximum:
        raise place.error(_describe(Annotated[kind, quantity]), value, quantity.hint(value))
    return int(value) if kind is int else float(value)


def _describe(hint: Any) -> str:
    """A type in words of the person who writes the file."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        noun = "a whole number" if arguments[0] is int else "a number"
        return f"{noun}, {arguments[1].range}"
    if origin in (Union, types.UnionType):
        return _describe(arguments[0])
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin is tuple and arguments[-1] is not Ellipsis:
        first = arguments[0]
        unit = get_args(first)[1].unit if get_origin(first) is Annotated else ""
        words = {"m": " in metres", "rad": " in radians", "": ""}
        return f"{len(arguments)} numbers{words.get(unit, f' in {unit}')}"
    if origin is tuple:
        return f"a list, each {_describe(arguments[0])}"
    if origin in (dict, Mapping):
        return f"names and values, each {_describe(arguments[1])}"
    if dataclasses.is_dataclass(hint):
        return f"keys and values ({', '.join(_keys(hint))})"
    names: dict[Any, str] = {
        str: "a text",
        bool: "true or false",
        int: "a whole number",
        date: "a day, YYYY-MM-DD",
        object: "a parameter of ROS",
    }
    return names.get(hint, str(hint))


def _kind(value: object) -> str:
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), "a single value")


def _show(value: object) -> str:
    if value is None:
        return "nothing"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _keys(cls: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(cls) if field.init]
