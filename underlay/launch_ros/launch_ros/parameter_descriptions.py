"""Descriptions of parameters and of files of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from launch.substitution import Substitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import (
    AllowedTypesType,
    SomeValueType,
    normalize_typed_substitution,
    perform_typed_substitution,
)


class ParameterValue:
    """A value of a known type.

    value_type: int, bool, float, str, or List of one of them; checked for values, and what texts of
    substitutions are converted to. None reads the texts by YAML's rules.
    """

    def __init__(self, value: SomeValueType, *, value_type: AllowedTypesType | None = None) -> None:
        self.__value = normalize_typed_substitution(value, value_type)
        self.__value_type = value_type
        self.__evaluated: Any = None

    @property
    def value(self) -> Any:
        """The value; before evaluation, what it will be made of."""
        return self.__value if self.__evaluated is None else self.__evaluated

    @property
    def value_type(self) -> AllowedTypesType | None:
        """The type."""
        return self.__value_type

    def __str__(self) -> str:
        return f"launch_ros.description.ParameterValue(value={self.value}, value_type={self.value_type})"

    def evaluate(self, context: LaunchContext) -> Any:
        """The value in this context. ValueError or TypeError if it does not have the type."""
        self.__evaluated = perform_typed_substitution(context, self.__value, self.__value_type)
        return self.__evaluated


class Parameter:
    """A name and a value; see ParameterValue."""

    def __init__(
        self, name: SomeSubstitutionsType, value: SomeValueType, *, value_type: AllowedTypesType | None = None
    ) -> None:
        ensure_argument_type(name, SomeSubstitutionsType_types_tuple, "name")
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = ParameterValue(value, value_type=value_type)
        self.__evaluated: tuple[str, Any] | None = None

    @property
    def name(self) -> list[Substitution] | str:
        """The name; before evaluation, what it will be made of."""
        return self.__name if self.__evaluated is None else self.__evaluated[0]

    @property
    def value(self) -> Any:
        """The value; before evaluation, what it will be made of."""
        return self.__value.value

    @property
    def value_type(self) -> AllowedTypesType | None:
        """The type."""
        return self.__value.value_type

    def __str__(self) -> str:
        values = f"name={self.name}, value={self.value}, value_type={self.value_type}"
        return f"launch_ros.description.Parameter({values})"

    def evaluate(self, context: LaunchContext) -> tuple[str, Any]:
        """Name and value in the first context that asks."""
        if self.__evaluated is None:
            self.__evaluated = (perform_substitutions(context, self.__name), self.__value.evaluate(context))
        return self.__evaluated


class ParameterFile:
    """A YAML file of parameters."""

    def __init__(
        self,
        param_file: str | os.PathLike[str] | SomeSubstitutionsType,
        *,
        allow_substs: bool | SomeSubstitutionsType = False,
    ) -> None:
        """allow_substs: substitutions inside the file; not available here, so only False is accepted."""
        ensure_argument_type(
            param_file, (*SomeSubstitutionsType_types_tuple, os.PathLike), "param_file", "ParameterFile()"
        )
        if allow_substs is not False:
            raise NotImplementedError(
                "ParameterFile(allow_substs=...) needs the launch_ros of a full ROS 2 installation: "
                "pass values that depend on substitutions as a dictionary of parameters"
            )
        path = os.fspath(param_file) if isinstance(param_file, os.PathLike) else param_file
        self.__param_file = normalize_to_list_of_substitutions(path)
        self.__evaluated: Path | None = None

    @property
    def param_file(self) -> Path | list[Substitution]:
        """The path; before evaluation, what it will be made of."""
        return self.__param_file if self.__evaluated is None else self.__evaluated

    @property
    def allow_substs(self) -> bool:
        """Whether there may be substitutions in the file."""
        return False

    def __str__(self) -> str:
        return f"launch_ros.description.ParameterFile(param_file={self.param_file}, allow_substs=False)"

    def evaluate(self, context: LaunchContext) -> Path:
        """The path in the first context that asks."""
        if self.__evaluated is None:
            self.__evaluated = Path(perform_substitutions(context, self.__param_file))
        return self.__evaluated
