"""Types of messages by their names, messages from YAML, and back."""

from __future__ import annotations

import array
import difflib
import pkgutil
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import yaml

# Of an array that is printed, elements; the rest is "...".
SHOWN = 128
_NAME = re.compile(r"([a-z]\w*)/(?:(msg|srv|action)/)?([A-Z]\w*)", re.ASCII)
_ARRAY = re.compile(r"(?:sequence<(.+?)(?:, (\d+))?>|(.+)\[(\d+)\])")
_STRING = re.compile(r"w?string(?:<(\d+)>)?")
_INTEGER = re.compile(r"(u?)int(\d+)")
_EXAMPLE = {
    "msg": "std_msgs/msg/String",
    "srv": "std_srvs/srv/Trigger",
    "action": "lab_interfaces/action/MoveTo",
}


class _Row(list[Any]):
    """Values that are printed in one line."""


class _Dumper(yaml.SafeDumper):
    """Of plain values and rows."""


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)
)


class WrongCommand(Exception):
    """What was asked for cannot be. The text is one sentence."""


def interface(kind: str, name: str) -> Any:
    """The class of a type such as std_msgs/msg/String; kind: "msg", "srv" or "action".

    Raises WrongCommand: no such form, package or type.
    """
    match = _NAME.fullmatch(name)
    if match is None or match[2] not in (None, kind):
        raise WrongCommand(f"'{name}' is no type here, expected one such as {_EXAMPLE[kind]}")
    package, _, short = match.groups()
    try:
        module = import_module(f"{package}.{kind}")
    except ImportError as error:
        others = sorted(found.name for found in pkgutil.iter_modules())
        raise WrongCommand(
            f"type '{name}': there is no package '{package}' with types of this kind"
            f"{_close(package, others)}; build or source it"
        ) from error
    if not hasattr(module, short):
        types = sorted(each for each in vars(module) if each[0].isupper() and "_" not in each)
        raise WrongCommand(f"type '{name}': {package} has no {short}{_close(short, types)}")
    return getattr(module, short)


def type_name(kind: str, of: Any) -> str:
    """std_msgs/msg/String of a class."""
    return f"{of.__module__.split('.')[0]}/{kind}/{of.__name__}"


def fill(message: Any, text: str) -> Any:
    """The message with the fields of a YAML mapping set; fields that are not named keep their defaults.

    Raises WrongCommand that names the field: no YAML, no such field, or no such value.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise WrongCommand(f"what to send is no YAML: {reason}, expected such as '{{data: 1}}'") from error
    _set(message, {} if content is None else content, "")
    return message


def as_yaml(message: Any) -> str:
    """For a person, and for `fill`."""
    return yaml.dump(_plain(message), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _set(message: Any, content: Any, path: str) -> None:
    fields = message.get_fields_and_field_types()
    if not isinstance(content, Mapping):
        raise WrongCommand(
            f"{path or 'what to send'}: {content!r} is no mapping, expected fields {', '.join(fields)}"
        )
    for key, value in content.items():
        if key not in fields:
            raise WrongCommand(
                f"there is no field '{path}{key}'{_close(str(key), list(fields))};"
                f" fields are {', '.join(fields) or 'none'}"
            )
        setattr(message, key, _value(fields[key], value, f"{path}{key}"))


def _value(kind: str, value: Any, path: str) -> Any:
    many = _ARRAY.fullmatch(kind)
    if many is not None:
        element, most, fixed = many[1] or many[3], many[2], many[4]
        if not isinstance(value, list):
            raise WrongCommand(f"{path}: {value!r} is no list, expected {kind}")
        if (fixed and len(value) != int(fixed)) or (most and len(value) > int(most)):
            raise WrongCommand(f"{path}: {len(value)} values, expected {kind}")
        values = [_value(element, each, f"{path}[{n}]") for n, each in enumerate(value)]
        return bytes(values) if element == "octet" and values and isinstance(values[0], int) else values
    if "/" in kind:
        package, name = kind.split("/")
        nested = getattr(import_module(f"{package}.msg"), name)()
        _set(nested, value, f"{path}.")
        return nested
    return _primitive(kind, value, path)


def _primitive(kind: str, value: Any, path: str) -> Any:
    integer, text = _INTEGER.fullmatch(kind), _STRING.fullmatch(kind)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "boolean":
        good = isinstance(value, bool)
    elif kind in ("float", "double", "long double"):
        if good := number:
            value = float(value)
    elif integer is not None or kind in ("octet", "char"):
        unsigned, bits = (integer[1] == "u", int(integer[2])) if integer is not None else (True, 8)
        low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        good = number and isinstance(value, int) and low <= value <= high
        if good and kind == "octet":
            value = bytes([value])
    else:
        good = isinstance(value, str) and (text is None or not text[1] or len(value) <= int(text[1]))
        if not good and not isinstance(value, list | dict):
            raise WrongCommand(f"{path}: {value!r} is no {kind}, put it in quotes")
    if not good:
        raise WrongCommand(f"{path}: {value!r} is no {kind}")
    return value


def _plain(value: Any) -> Any:
    if hasattr(value, "get_fields_and_field_types"):
        return {name: _plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, np.ndarray | array.array | list | tuple):
        plain = [_plain(each) for each in list(value[:SHOWN])]
        plain += ["..."] if len(value) > SHOWN else []
        return plain if any(isinstance(each, dict) for each in plain) else _Row(plain)
    if isinstance(value, bytes):
        return _Row(value[:SHOWN]) if len(value) != 1 else value[0]
    return value.item() if isinstance(value, np.generic) else value


def _close(name: str, others: list[str]) -> str:
    close = difflib.get_close_matches(name, others, n=1)
    return f", did you mean '{close[0]}'?" if close else ""
