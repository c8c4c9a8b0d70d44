"""Conditions of actions."""

from .evaluate_condition_expression_impl import evaluate_condition_expression
from .if_condition import IfCondition, UnlessCondition
from .invalid_condition_expression_error import InvalidConditionExpressionError

__all__ = [
    "IfCondition",
    "InvalidConditionExpressionError",
    "UnlessCondition",
    "evaluate_condition_expression",
]
