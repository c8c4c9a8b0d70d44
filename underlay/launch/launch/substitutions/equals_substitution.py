"""Comparison of two values; the result is the text 'true' or 'false'."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import is_substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

_TRUE, _FALSE = ("true", "1"), ("false", "0")


def _operand(value: Any) -> list[Substitution]:
    if not is_substitution(value):
        value = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return normalize_to_list_of_substitutions(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _equal(left: str, right: str) -> bool:
    """Booleans and numbers are compared by value, all else as text."""
    if left.lower() in _TRUE + _FALSE and right.lower() in _TRUE + _FALSE:
        return (left.lower() in _TRUE) == (right.lower() in _TRUE)
    first, second = _number(left), _number(right)
    if first is not None and second is not None:
        return math.isclose(first, second)
    return left == right


class EqualsSubstitution(Substitution):
    """Whether two values are equal: 'TRUE' equals 1, '1.0' equals 1, None equals ''."""

    def __init__(self, left: Any | Iterable[Any] | None, right: Any | Iterable[Any] | None) -> None:
        self.__left = _operand(left)
        self.__right = _operand(right)

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

    def _holds(self, context: LaunchContext) -> bool:
        return _equal(perform_substitutions(context, self.left), perform_substitutions(context, self.right))

    def perform(self, context: LaunchContext) -> str:
        return "true" if self._holds(context) else "false"


class NotEqualsSubstitution(EqualsSubstitution):
    """Whether two values differ, by the same rules."""

    def perform(self, context: LaunchContext) -> str:
        return "false" if self._holds(context) else "true"
