"""ROS parameters described once, in a frozen dataclass: type, default, range, unit and words."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from lab_core.errors import ConfigurationError

P = TypeVar("P")

TYPES: dict[Any, Parameter.Type] = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
    list[str]: Parameter.Type.STRING_ARRAY,
    list[float]: Parameter.Type.DOUBLE_ARRAY,
}
# declared by rclpy itself
BUILT_IN = ("use_sim_time", "start_type_description_service", "qos_overrides.")


def parameter(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
) -> Any:
    """Field of a parameters dataclass.

    choices: the only values that a string may have.
    """
    metadata = {
        "description": f"{description} [{unit}]" if unit else description,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def declare_parameters(node: Node, kind: type[P]) -> P:
    """Declare the fields of the dataclass as parameters of the node and read them.

    The node must have been made with automatically_declare_parameters_from_overrides, as LabNode is: only so
    can a parameter that nobody knows be told from one that is not there.

    Raises ConfigurationError for an unknown parameter, a wrong type or a value out of range.
    """
    given = {
        name: parameter.value
        for name, parameter in node.get_parameters_by_prefix("").items()
        if not name.startswith(BUILT_IN)
    }
    parameters = check_parameters(kind, given, node.get_name())
    types = get_type_hints(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if node.has_parameter(field.name):
            node.undeclare_parameter(field.name)
        descriptor = _descriptor(field, types[field.name])
        node.declare_parameter(field.name, getattr(parameters, field.name), descriptor, ignore_override=True)
    return parameters


def check_parameters(kind: type[P], given: Mapping[str, Any], node: str) -> P:
    """The dataclass with the given values, defaults for the others; needs no ROS.

    node: its name, for the sentence. Raises ConfigurationError as declare_parameters does.
    """
    types = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in given:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            known = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(sorted(fields))}"
            raise ConfigurationError(f"parameter '{name}' of node {node} does not exist: {known}")
    values = {}
    for name, field in fields.items():
        default = field.default_factory() if callable(field.default_factory) else field.default
        values[name] = _checked(field, types[name], given.get(name, default), node)
    return kind(**values)


def _checked(field: dataclasses.Field[Any], expected: Any, value: Any, node: str) -> Any:
    metadata = field.metadata
    if expected is float and type(value) is int:
        value = float(value)  # `speed: 1` in YAML is an integer
    where = f"parameter '{field.name}' of node {node}"
    if not _is(value, expected):
        name = getattr(expected, "__name__", str(expected))
        raise ConfigurationError(f"{where} is {_shown(value)}, expected {name}: {metadata['description']}")
    minimum, maximum, choices = metadata["minimum"], metadata["maximum"], metadata["choices"]
    if choices and value not in choices:
        raise ConfigurationError(f"{where} is {_shown(value)}, expected one of {', '.join(choices)}")
    if (minimum is not None and not value >= minimum) or (maximum is not None and not value <= maximum):
        limits = f"{'-inf' if minimum is None else minimum} to {'inf' if maximum is None else maximum}"
        raise ConfigurationError(f"{where} is {value}, expected {limits}: {metadata['description']}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}…"


def _is(value: Any, expected: Any) -> bool:
    if expected in (list[str], list[float]):
        item = expected.__args__[0]
        return isinstance(value, Sequence) and not isinstance(value, str) and all(_is(v, item) for v in value)
    return type(value) is expected


def _descriptor(field: dataclasses.Field[Any], expected: Any) -> ParameterDescriptor:
    metadata = field.metadata
    descriptor = ParameterDescriptor(
        name=field.name, type=TYPES[expected].value, description=metadata["description"]
    )
    if metadata["choices"]:
        descriptor.additional_constraints = "one of " + ", ".join(metadata["choices"])
    minimum, maximum = metadata["minimum"], metadata["maximum"]
    if minimum is None and maximum is None:
        return descriptor
    if expected is float:
        lowest, highest = -1.7e308, 1.7e308
        descriptor.floating_point_range = [
            FloatingPointRange(
                from_value=float(lowest if minimum is None else minimum),
                to_value=float(highest if maximum is None else maximum),
            )
        ]
    elif expected is int:
        descriptor.integer_range = [
            IntegerRange(
                from_value=int(-(2**62) if minimum is None else minimum),
                to_value=int(2**62 if maximum is None else maximum),
                step=1,
            )
        ]
    return descriptor
