"""Parameters as users write them, normalized, and evaluated."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution

SomeParameterValue = Any
SomeParametersDict = Mapping[SomeSubstitutionsType, Any]
SomeParameterFile = SomeSubstitutionsType | pathlib.Path
SomeParameters = Sequence[Any]

ParameterValue = Any
ParametersDict = dict[tuple[Substitution, ...], Any]
Parameters = Sequence[Any]

EvaluatedParameterValue = Any
EvaluatedParameters = Sequence[Any]
