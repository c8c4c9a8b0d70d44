"""What a file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class FileContent(Substitution):
    """Text of a file."""

    def __init__(self, path: SomeSubstitutionsType) -> None:
        self.__path = normalize_to_list_of_substitutions(path)

    @property
    def path(self) -> list[Substitution]:
        """Path of the file."""
        return self.__path

    def describe(self) -> str:
        return f"FileContent({' + '.join(sub.describe() for sub in self.path)})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the file is not there."""
        path = perform_substitutions(context, self.path)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError as error:
            raise SubstitutionFailure(f"File not found: {path}") from error
