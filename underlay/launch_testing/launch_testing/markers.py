"""Marks on test descriptions and tests."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def keep_alive(test_description: Function) -> Function:
    """Decorator: keep the launch alive when all processes have ended, until the tests have."""
    markers = getattr(test_description, "__markers__", {})
    test_description.__markers__ = {**markers, "keep_alive": True}  # type: ignore[attr-defined]
    return test_description


def retry_on_failure(*, times: int, delay: float | None = None) -> Callable[[Function], Function]:
    """Decorator: try a test up to so many times while it fails an assertion, with a delay in seconds
    between.
    """
    if times < 1:
        raise ValueError(f"times must be at least 1, not {times}")

    def decorate(function: Function) -> Function:
        if next(iter(inspect.signature(function).parameters), None) != "self":
            raise TypeError("retry_on_failure should decorate a method of a test case")

        @functools.wraps(function)
        def retry(self: unittest.TestCase, *args: Any, **kwargs: Any) -> Any:
            for attempt in range(1, times + 1):
                try:
                    return function(self, *args, **kwargs)
                except AssertionError:
                    if attempt == times:
                        raise
                    if delay is not None:
                        import time

                        time.sleep(delay)
            return None

        return retry  # type: ignore[return-value]

    return decorate
