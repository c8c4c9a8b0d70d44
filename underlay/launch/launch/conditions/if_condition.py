"""Conditions on the truth of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..condition import Condition
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions
from .evaluate_condition_expression_impl import evaluate_condition_expression

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class IfCondition(Condition):
    """Holds where the expression is true; see evaluate_condition_expression()."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        self.__expression = normalize_to_list_of_substitutions(predicate_expression)
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        return evaluate_condition_expression(context, self.__expression)

    def describe(self) -> str:
        return f"{type(self).__name__}({' + '.join(sub.describe() for sub in self.__expression)})"


class UnlessCondition(IfCondition):
    """Holds where the expression is false."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
