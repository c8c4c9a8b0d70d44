"""One of two values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class IfElseSubstitution(Substitution):
    """One value if the condition is true, the other if not; only the chosen one is performed."""

    def __init__(
        self,
        condition: SomeSubstitutionsType,
        if_value: SomeSubstitutionsType = "",
        else_value: SomeSubstitutionsType = "",
    ) -> None:
        if if_value == "" and else_value == "":
            raise RuntimeError("One of if_value and else_value must be specified")
        self._condition = normalize_to_list_of_substitutions(condition)
        self._if_value = normalize_to_list_of_substitutions(if_value)
        self._else_value = normalize_to_list_of_substitutions(else_value)

    @property
    def condition(self) -> list[Substitution]:
        """What decides."""
        return self._condition

    @property
    def if_value(self) -> list[Substitution]:
        """The value where the condition holds."""
        return self._if_value

    @property
    def else_value(self) -> list[Substitution]:
        """The value where it does not."""
        return self._else_value

    def describe(self) -> str:
        return f"IfElseSubstitution({self.condition}, {self.if_value}, {self.else_value})"

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if the condition is not a boolean."""
        try:
            holds = perform_typed_substitution(context, self.condition, bool)
        except (TypeError, ValueError) as error:
            raise SubstitutionFailure(error) from error
        return perform_substitutions(context, self.if_value if holds else self.else_value)
