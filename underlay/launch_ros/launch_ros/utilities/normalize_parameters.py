"""Parameters in one form."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from launch.some_substitutions_type import SomeSubstitutionsType_types_tuple
from launch.substitution import Substitution
from launch.substitutions import TextSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue
from ..parameters_type import Parameters, ParametersDict, SomeParameters, SomeParametersDict


def normalize_parameter_dict(
    parameters: SomeParametersDict, *, _prefix: Sequence[Substitution] | None = None
) -> ParametersDict:
    """One layer of names, as tuples of substitutions; names of nested dictionaries are joined with a dot.

    Text stays text, a list becomes uniform, a list with a substitution in it becomes one text.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError("expected dict")
    normalized: ParametersDict = {}
    for given_name, value in parameters.items():
        name = tuple(normalize_to_list_of_substitutions(given_name))
        if _prefix:
            name = (*_prefix, TextSubstitution(text="."), *name)
        if isinstance(value, Mapping):
            normalized.update(normalize_parameter_dict(value, _prefix=name))
        elif isinstance(value, str):
            normalized[name] = _as_yaml_text(value)
        elif isinstance(value, Substitution):
            normalized[name] = (value,)
        elif isinstance(value, ParameterValue | float | bool | int | bytes):
            normalized[name] = value
        elif isinstance(value, Sequence):
            normalized[name] = _normalize_array(value)
        else:
            raise TypeError(f"Unexpected type for parameter value {value!r}")
    return normalized


def _as_yaml_text(value: str) -> tuple[Substitution, ...]:
    # Quoted, so that "1" stays a text when it is read back; the texts are evaluated by YAML's rules.
    return tuple(normalize_to_list_of_substitutions(yaml.dump(value)))


def _normalize_array(value: Sequence[Any]) -> tuple[Any, ...]:
    for item in value:
        ensure_argument_type(item, (float, int, bool, str, Substitution, Sequence), "subvalue")
    kinds = {Substitution if isinstance(item, Substitution) else type(item) for item in value}
    if kinds == {int}:
        return tuple(value)
    if kinds and kinds <= {int, float}:
        return tuple(float(item) for item in value)
    if kinds == {bool}:
        return tuple(value)
    if Substitution in kinds and kinds <= {str, Substitution}:
        return tuple(normalize_to_list_of_substitutions(value))
    return tuple(
        normalize_to_list_of_substitutions(
            yaml.dump(item) if isinstance(item, float | int | bool | str) else item
        )
        for item in value
    )


def normalize_parameters(parameters: SomeParameters) -> Parameters:
    """Files as ParameterFile, dictionaries by normalize_parameter_dict(), in the same order."""
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise TypeError(f"Expecting list of parameters, got {parameters}")
    normalized: list[Any] = []
    for parameter in parameters:
        if isinstance(parameter, Mapping):
            normalized.append(normalize_parameter_dict(parameter))
        elif isinstance(parameter, Parameter | ParameterFile):
            normalized.append(parameter)
        else:
            if isinstance(parameter, pathlib.Path):
                parameter = str(parameter)
            ensure_argument_type(parameter, SomeSubstitutionsType_types_tuple, "parameters")
            normalized.append(ParameterFile(parameter))
    return tuple(normalized)
