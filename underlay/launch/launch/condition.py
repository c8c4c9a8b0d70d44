"""Base of conditions that decide whether an action is executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Condition:
    """A predicate of the launch context."""

    def __init__(self, *, predicate: Callable[[LaunchContext], bool] | None = None) -> None:
        self._predicate = predicate

    def describe(self) -> str:
        """A sentence for a person."""
        return self.__repr__()

    def evaluate(self, context: LaunchContext) -> bool:
        """Whether the condition holds now."""
        return self._predicate(context) if self._predicate is not None else False
