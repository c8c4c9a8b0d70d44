"""How long a launch may take to get ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def ready_to_test_action_timeout(timeout: float) -> Callable[[Function], Function]:
    """Decorator: wait so many seconds, instead of 15, for the description's ReadyToTest."""

    def decorate(function: Function) -> Function:
        function.__ready_to_test_action_timeout__ = timeout  # type: ignore[attr-defined]
        return function

    return decorate
