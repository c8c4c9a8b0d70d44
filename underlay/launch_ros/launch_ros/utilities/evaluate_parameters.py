"""Normalized parameters in a context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from launch.launch_context import LaunchContext
from launch.substitution import Substitution
from launch.utilities import ensure_argument_type, perform_substitutions

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue
from ..parameters_type import EvaluatedParameters, Parameters, ParametersDict

_SCALARS = (bool, int, float, str)


def evaluate_parameter_dict(context: LaunchContext, parameters: ParametersDict) -> dict[str, Any]:
    """Names and values. Texts of substitutions are read by YAML's rules; TypeError if that gives no
    parameter.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError("expected dict")
    evaluated = {}
    for name, value in parameters.items():
        if not isinstance(name, tuple):
            raise TypeError(f"Expecting tuple of substitutions got {name!r}")
        text = perform_substitutions(context, name)
        evaluated[text] = _evaluate(context, text, value)
    return evaluated


def _evaluate(context: LaunchContext, name: str, value: Any) -> Any:
    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if not isinstance(value, tuple) or not value:
        ensure_argument_type(value, (float, int, str, bool, bytes), "value")
        return value
    if isinstance(value[0], Substitution):
        return _from_yaml(name, perform_substitutions(context, value))
    if isinstance(value[0], Sequence) and not isinstance(value[0], str | bytes):
        return _uniform(name, [yaml.safe_load(perform_substitutions(context, item)) for item in value])
    return value


def _from_yaml(name: str, text: str) -> Any:
    hint = (
        "If the parameter is meant to be a string, try wrapping it in "
        "launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)"
    )
    try:
        value = yaml.safe_load(text) if text else ""
    except yaml.YAMLError as error:
        raise TypeError(f"Unable to parse the value of parameter {name} as yaml. {hint}") from error
    if isinstance(value, (*_SCALARS, bytes)):
        return value
    if isinstance(value, Sequence):
        return _uniform(name, value)
    raise TypeError(
        "Allowed value types are bytes, bool, int, float, str, Sequence[bool], Sequence[int], "
        "Sequence[float], "
        f'Sequence[str]. Got {type(value)} for "{name}". {hint}'
    )


def _uniform(name: str, items: Sequence[Any]) -> tuple[Any, ...]:
    if (
        not items
        or type(items[0]) not in _SCALARS
        or not all(isinstance(item, type(items[0])) for item in items)
    ):
        raise TypeError(
            "Expected a non-empty sequence, with items of uniform type. Allowed sequence item types "
            "are bool, int, "
            f'float, str. Got inconsistent input for "{name}"'
        )
    return tuple(items)


def evaluate_parameters(context: LaunchContext, parameters: Parameters) -> EvaluatedParameters:
    """Paths of files, dictionaries of values, and single Parameter descriptions, in the same order."""
    evaluated: list[Any] = []
    for parameter in parameters:
        if isinstance(parameter, ParameterFile):
            evaluated.append(parameter.evaluate(context))
        elif isinstance(parameter, Parameter):
            evaluated.append(parameter)
        else:
            evaluated.append(evaluate_parameter_dict(context, parameter))
    return tuple(evaluated)
