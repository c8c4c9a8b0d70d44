"""Substitutions whose text stands for a value of a known type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, List, get_args, get_origin  # noqa: UP035

import yaml

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from .ensure_argument_type_impl import ensure_argument_type
from .substitution_lists import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

ScalarTypesTuple = (int, float, bool, str)
ListTypesTuple = (List[int], List[float], List[bool], List[str])  # noqa: UP006
AllowedTypesTuple = ScalarTypesTuple + ListTypesTuple

AllowedTypesType = Any
ScalarValueType = int | float | bool | str
AllowedValueType = Any
SomeValueType = SomeSubstitutionsType | ScalarValueType | Iterable[ScalarValueType | SomeSubstitutionsType]
NormalizedValueType = Any


def is_typing_list(data_type: Any) -> bool:
    """Whether the type is a list of something, written in either way."""
    return data_type is list or data_type is List or get_origin(data_type) is list  # noqa: UP006


def extract_type(data_type: AllowedTypesType) -> tuple[Any, bool]:
    """The scalar type, and whether it is a list of them. ValueError if the type is not supported."""
    is_list = is_typing_list(data_type)
    arguments = get_args(data_type)
    scalar = arguments[0] if is_list and arguments else data_type
    if scalar not in ScalarTypesTuple:
        raise ValueError(f"Unrecognized data type: {data_type}")
    return scalar, is_list


def is_instance_of_valid_type(value: Any) -> bool:
    """Whether the value is a supported scalar or a uniform list of one."""
    if not isinstance(value, list):
        return isinstance(value, ScalarTypesTuple)
    kinds = {type(item) for item in value}
    return not kinds or (len(kinds) == 1 and kinds <= set(ScalarTypesTuple))


def is_instance_of(value: Any, data_type: AllowedTypesType | None = None) -> bool:
    """Whether the value has the type; None asks for any supported type."""
    if data_type is None:
        return is_instance_of_valid_type(value)
    scalar, is_list = extract_type(data_type)
    if is_list:
        return isinstance(value, list) and all(isinstance(item, scalar) for item in value)
    return isinstance(value, scalar)


def is_substitution(value: Any) -> bool:
    """Whether this is a substitution, or texts and substitutions with at least one of the latter."""
    if isinstance(value, Substitution):
        return True
    if isinstance(value, str) or not isinstance(value, Iterable):
        return False
    items = list(value)
    return all(isinstance(item, Substitution | str) for item in items) and any(
        isinstance(item, Substitution) for item in items
    )


def is_normalized_substitution(value: Any) -> bool:
    """Whether this is a list of substitutions and nothing else."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, Substitution) for item in value)


def coerce_to_type(value: str, data_type: AllowedTypesType | None = None) -> AllowedValueType:
    """The value that a text stands for, by YAML's rules if no type is asked for.

    Raises ValueError if the text is no such value, TypeError if it is no text.
    """
    ensure_argument_type(value, str, "value", "coerce_to_type")
    if data_type is None:
        return _from_yaml(value, f"Failed to convert '{value}' using yaml rules")
    scalar, is_list = extract_type(data_type)
    if is_list:
        message = f"Cannot convert value '{value}' to a list of '{scalar}'"
        items = _from_yaml(value, message)
        if not isinstance(items, list):
            raise ValueError(message)
        if scalar is float:
            items = [float(item) if type(item) is int else item for item in items]
        if not all(isinstance(item, scalar) for item in items):
            raise ValueError(f"{message}, got {items}")
        return items
    if scalar is str:
        return value
    if scalar is bool:
        if value in ("0", "1"):
            return value == "1"
        result = _from_yaml(value, f"Failed to convert '{value}' to '{scalar}'")
        if not isinstance(result, bool):
            raise ValueError(f"Cannot convert value '{value}' to '{scalar}'")
        return result
    return scalar(value)


def normalize_typed_substitution(
    value: SomeValueType, data_type: AllowedTypesType | None
) -> NormalizedValueType:
    """Check early what can be checked before launching; TypeError if the value can never have the type."""
    if isinstance(value, ScalarTypesTuple):
        if not is_instance_of(value, data_type):
            raise TypeError(f"value='{value}' is not an instance of {data_type}")
        return value
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)  # type: ignore[arg-type]
    if not isinstance(value, Iterable):
        raise TypeError(
            "value should be either a scalar, a substitutions, or a mixed list of scalars and substitutions. "
            f"Got `value={value}` of type `{type(value)}`. "
        )
    scalar: Any = None
    if data_type is not None:
        scalar, is_list = extract_type(data_type)
        if not is_list:
            raise TypeError(
                "The provided value resolves to a list, though the required type is a scalar. "
                f"Got value='{value}', data_type='{data_type}'."
            )
    return _normalize_items(list(value), scalar)


def _normalize_items(items: list[Any], scalar: Any) -> list[Any]:
    """Items of a list: substitutions become lists of them, scalars must agree with each other and the
    type.
    """
    kinds: set[Any] = set()
    for item in items:
        if not (isinstance(item, ScalarTypesTuple) or is_substitution(item)):
            raise TypeError(
                "value is a list, and one of the items is not a scalar, a Substitution or a list of "
                "substitutions. "
                f"Got value='{items}'"
            )
        if not is_substitution(item):
            kinds.add(type(item))
    if kinds == {int, float} or (kinds == {int} and scalar is float):
        items = [float(item) if isinstance(item, int) else item for item in items]
        kinds = {float}
    if len(kinds) > 1:
        raise TypeError(f"Input value is not an acceptable 'SomeValueType'.Got value='{items}'")
    if kinds and scalar is not None and kinds != {scalar}:
        raise TypeError(f"Got a list of '{kinds.pop()}', expected a list of '{scalar}'. value='{items}'")
    return [normalize_to_list_of_substitutions(item) if is_substitution(item) else item for item in items]


def perform_typed_substitution(
    context: LaunchContext, value: NormalizedValueType, data_type: AllowedTypesType | None
) -> Any:
    """The value in this context. Raises ValueError or TypeError if it does not have the type."""
    if isinstance(value, ScalarTypesTuple):
        if data_type is not None and not is_instance_of(value, data_type):
            raise TypeError(f"value=`{value}` is a scalar and not an instance of `{data_type}`")
        return value
    if is_normalized_substitution(value):
        return coerce_to_type(perform_substitutions(context, value), data_type)
    if not isinstance(value, list):
        raise TypeError(f"Input value is not an acceptable 'NormalizedValueType'.Got value='{value}'")
    scalar = None
    if data_type is not None:
        scalar, is_list = extract_type(data_type)
        if not is_list:
            raise ValueError(
                "The input value is a list, cannot convert it to a scalar. "
                f"Got value='{value}', expected type {scalar}."
            )
    return [
        coerce_to_type(perform_substitutions(context, item), scalar)
        if is_normalized_substitution(item)
        else item
        for item in value
    ]


def _from_yaml(text: str, message: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{message}: yaml.safe_load() failed\n{error}") from error
    if value is None and text == "":
        return ""
    if not is_instance_of_valid_type(value):
        raise ValueError(f"{message}: output type is not allowed, got {type(value)}")
    return value
