"""Paths from components."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PathJoinSubstitution(Substitution):
    """Components joined as os.path.join does."""

    def __init__(self, substitutions: Iterable[str | Substitution]) -> None:
        self.__substitutions = normalize_to_list_of_substitutions(substitutions)

    @property
    def substitutions(self) -> list[Substitution]:
        """The components."""
        return self.__substitutions

    def describe(self) -> str:
        return "PathJoin('{}')".format(" + ".join(sub.describe() for sub in self.substitutions))

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(*(sub.perform(context) for sub in self.substitutions))
