"""Text to truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities import perform_substitutions
from .invalid_condition_expression_error import InvalidConditionExpressionError

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

VALID_TRUE_EXPRESSIONS = ["true", "1"]
VALID_FALSE_EXPRESSIONS = ["false", "0"]


def evaluate_condition_expression(context: LaunchContext, expression: Iterable[Substitution]) -> bool:
    """Whether the text is 'true' or '1' rather than 'false' or '0', in any case.

    Raises InvalidConditionExpressionError for any other text.
    """
    text = perform_substitutions(context, expression).strip().lower()
    if text in VALID_TRUE_EXPRESSIONS:
        return True
    if text in VALID_FALSE_EXPRESSIONS:
        return False
    valid = VALID_TRUE_EXPRESSIONS + VALID_FALSE_EXPRESSIONS
    raise InvalidConditionExpressionError(f"invalid condition expression: '{text}' is none of {valid}")
