"""Paths from components."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PathJoinSubstitution(Substitution):
    """Components joined as os.path.join does; one component may consist of several texts and substitutions.

    `PathJoinSubstitution([share]) / "config" / LaunchConfiguration("cell")` appends components.
    """

    def __init__(self, substitutions: Iterable[SomeSubstitutionsType]) -> None:
        self.__substitutions = [normalize_to_list_of_substitutions(component) for component in substitutions]

    @property
    def substitutions(self) -> list[list[Substitution]]:
        """The components, each as a list."""
        return self.__substitutions

    def __truediv__(self, additional_path: SomeSubstitutionsType) -> PathJoinSubstitution:
        return PathJoinSubstitution(
            [*self.__substitutions, normalize_to_list_of_substitutions(additional_path)]
        )

    def describe(self) -> str:
        components = [" + ".join(sub.describe() for sub in component) for component in self.substitutions]
        return f"PathJoin({', '.join(components)})"

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(*(perform_substitutions(context, component) for component in self.substitutions))
