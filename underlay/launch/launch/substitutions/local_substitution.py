"""A member of the context's locals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities import ensure_argument_type

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LocalSubstitution(Substitution):
    """`context.locals.EXPRESSION`, for example `event.reason`; only texts can be joined with others."""

    def __init__(self, expression: str, description: str | None = None) -> None:
        ensure_argument_type(expression, str, "expression", "LocalSubstitution")
        self.__expression = expression
        self.__description = description

    @property
    def expression(self) -> str:
        """What follows `context.locals.`"""
        return self.__expression

    def describe(self) -> str:
        return f"LocalVar('{self.expression if self.__description is None else self.__description}')"

    def perform(self, context: LaunchContext) -> str:
        return eval(f"context.locals.{self.expression}", {}, {"context": context})  # type: ignore[no-any-return]
