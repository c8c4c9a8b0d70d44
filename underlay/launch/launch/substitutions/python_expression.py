"""The value of a Python expression."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PythonExpression(Substitution):
    """str() of an expression's value; `python_modules` are imported for it, and math's names stand alone."""

    def __init__(
        self, expression: SomeSubstitutionsType, python_modules: SomeSubstitutionsType = ("math",)
    ) -> None:
        self.__expression = normalize_to_list_of_substitutions(expression)
        self.__python_modules = normalize_to_list_of_substitutions(python_modules)

    @property
    def expression(self) -> list[Substitution]:
        """The expression's text."""
        return self.__expression

    @property
    def python_modules(self) -> list[Substitution]:
        """Names of the modules that it may use."""
        return self.__python_modules

    def describe(self) -> str:
        expression = " + ".join(sub.describe() for sub in self.expression)
        return f"PythonExpr({expression}, [{', '.join(sub.describe() for sub in self.python_modules)}])"

    def perform(self, context: LaunchContext) -> str:
        names: dict[str, Any] = {}
        for sub in self.python_modules:
            module = importlib.import_module(context.perform_substitution(sub))
            if module.__name__ == "math":
                names.update(vars(module))
            names[module.__name__] = module
        return str(eval(perform_substitutions(context, self.expression), {}, names))
