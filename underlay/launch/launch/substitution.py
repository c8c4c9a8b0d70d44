"""Base of values that are known only while launching."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Substitution:
    """Text that is computed from the launch context when it is needed."""

    def describe(self) -> str:
        """What stands here, for a person; no context needed."""
        return self.__repr__()

    def perform(self, context: LaunchContext) -> str:
        """The text in this context."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to perform itself")
