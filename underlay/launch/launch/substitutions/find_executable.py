"""Where an executable lies."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class FindExecutable(Substitution):
    """Path of an executable on PATH."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """Name of the executable."""
        return self.__name

    def describe(self) -> str:
        return f"FindExec({' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if PATH has no such executable."""
        name = perform_substitutions(context, self.name)
        path = shutil.which(name)
        if path is None:
            raise SubstitutionFailure(f"executable '{name}' not found on the PATH")
        return path
