"""Boolean algebra on substitutions; the result is the text 'true' or 'false'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def _truth(context: LaunchContext, value: list[Substitution]) -> bool:
    try:
        return bool(perform_typed_substitution(context, value, bool))
    except (TypeError, ValueError) as error:
        raise SubstitutionFailure(error) from error


def _text(value: bool) -> str:
    return "true" if value else "false"


class _Binary(Substitution):
    """Two operands; both are evaluated, so that a malformed one is always noticed."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        self.__left = normalize_to_list_of_substitutions(left)
        self.__right = normalize_to_list_of_substitutions(right)

    @property
    def left(self) -> list[Substitution]:
        """First operand."""
        return self.__left

    @property
    def right(self) -> list[Substitution]:
        """Second operand."""
        return self.__right

    def describe(self) -> str:
        return f"{type(self).__name__}({self.left} {self.right})"

    def _operands(self, context: LaunchContext) -> tuple[bool, bool]:
        return _truth(context, self.left), _truth(context, self.right)


class AndSubstitution(_Binary):
    """Conjunction."""

    def perform(self, context: LaunchContext) -> str:
        """SubstitutionFailure if an operand is not a boolean."""
        return _text(all(self._operands(context)))
