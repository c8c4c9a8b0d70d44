"""Parameters described once, in a frozen dataclass: type, default, range, unit, words, and when they are
read.

This module needs no ROS. Nodes declare such a dataclass as ROS parameters (`lab_node.parameters`); replay and
benchmarks check what they are given by the same description.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from lab_core.errors import ConfigurationError

if TYPE_CHECKING:
    from lab_core.plugins import Port

P = TypeVar("P")

TYPES: tuple[Any, ...] = (bool, int, float, str, list[str], list[float])
"""What a parameter may be."""
SHOWN = 100
"""Letters of a value that a sentence quotes."""


def parameter(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    port: Port[Any] | None = None,
    live: bool = False,
) -> Any:
    """Field of a parameters dataclass.

    choices: the only values that a string may have. port: the string names a plug-in that is registered for
    this port; the dataclass then has a field made by `plugin_parameters` too. live: a change takes effect
    while the node runs; all others are read when the node is configured.
    """
    metadata = {
        "description": f"{description} [{unit}]" if unit else description,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
        "port": port,
        "live": live,
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def plugin_parameters() -> Any:
    """Field of a parameters dataclass that names plug-ins: what was given for their own parameters, by full
    name (`geometric.min_score`). The port reads it when it makes the plug-in.
    """
    return dataclasses.field(default_factory=dict, hash=False, metadata={"plugins": True})


def fields_of(kind: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """The parameters of a dataclass by their names."""
    return {field.name: field for field in dataclasses.fields(kind) if not field.metadata.get("plugins")}


def ports_of(kind: type[Any]) -> dict[str, Port[Any]]:
    """The ports whose plug-ins a dataclass names, by the name of the parameter."""
    return {name: field.metadata["port"] for name, field in fields_of(kind).items() if is_port(field)}


def plugins_field(kind: type[Any]) -> str | None:
    """Name of the field that `plugin_parameters` made."""
    return next((each.name for each in dataclasses.fields(kind) if each.metadata.get("plugins")), None)


def is_port(field: dataclasses.Field[Any]) -> bool:
    """Whether a parameter names a plug-in."""
    return field.metadata.get("port") is not None


def check_parameters(kind: type[P], given: Mapping[str, Any], node: str, prefix: str = "") -> P:
    """The dataclass with the given values, defaults for the others.

    node: its name, for the sentence. prefix: what the full names of these parameters begin with. Parameters
    of a plug-in that is registered for a port of the dataclass are kept for it, and checked when it is made.

    Raises ConfigurationError for an unknown parameter, a wrong type, a value out of range, or the name of a
    plug-in that nobody has registered.
    """
    types = get_type_hints(kind)
    fields = fields_of(kind)
    plugins = {name for port in ports_of(kind).values() for name in port.names()}
    values: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for name in given:
        if name in fields:
            continue
        if name.partition(".")[0] in plugins:
            kept[name] = given[name]
            continue
        near = difflib.get_close_matches(name, fields, n=1)
        known = f"did you mean '{prefix}{near[0]}'?" if near else f"it has {', '.join(sorted(fields))}"
        if not fields:
            known = "it has none"
        raise ConfigurationError(f"parameter '{prefix}{name}' of node {node} does not exist: {known}")
    for name, field in fields.items():
        default = field.default_factory() if callable(field.default_factory) else field.default
        if default is dataclasses.MISSING or types[name] not in TYPES:
            wanted = "a default" if default is dataclasses.MISSING else f"one of the types {_words(TYPES)}"
            raise ConfigurationError(
                f"parameter '{prefix}{name}' of node {node} needs {wanted} in {kind.__name__}"
            )
        values[name] = checked(field, types[name], given.get(name, default), node, prefix)
    if (for_plugins := plugins_field(kind)) is not None:
        values[for_plugins] = kept
    elif plugins:
        raise TypeError(f"{kind.__name__} names plug-ins, and has no field made by plugin_parameters()")
    return kind(**values)


def checked(field: dataclasses.Field[Any], expected: Any, value: Any, node: str, prefix: str = "") -> Any:
    """The value of one parameter; an integer where a float is expected is taken as one.

    Raises ConfigurationError as check_parameters does.
    """
    metadata = field.metadata
    if expected is float and type(value) is int:
        value = float(value)  # `speed: 1` in YAML is an integer
    where = f"parameter '{prefix}{field.name}' of node {node}"
    described = f": {metadata['description']}" if metadata.get("description") else ""
    if not _is(value, expected):
        raise ConfigurationError(f"{where} is {_shown(value)}, expected {_words([expected])}{described}")
    choices = metadata.get("choices", ())
    if choices and value not in choices:
        raise ConfigurationError(f"{where} is {_shown(value)}, expected one of {', '.join(choices)}")
    if is_port(field):
        try:
            metadata["port"].require(value)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None
    minimum, maximum = metadata.get("minimum"), metadata.get("maximum")
    if (minimum is not None and not value >= minimum) or (maximum is not None and not value <= maximum):
        limits = f"{'-inf' if minimum is None else minimum} to {'inf' if maximum is None else maximum}"
        raise ConfigurationError(f"{where} is {value}, expected {limits}{described}")
    return value


def _words(types: Sequence[Any]) -> str:
    # `list[str].__name__` is list alone
    return ", ".join(
        str(kind) if kind in TYPES[-2:] else getattr(kind, "__name__", str(kind)) for kind in types
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}…"


def _is(value: Any, expected: Any) -> bool:
    if expected in (list[str], list[float]):
        item = expected.__args__[0]
        return isinstance(value, Sequence) and not isinstance(value, str) and all(_is(v, item) for v in value)
    return type(value) is expected
