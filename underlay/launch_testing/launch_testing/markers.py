"""Marks on test descriptions and tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def keep_alive(test_description: Function) -> Function:
    """Decorator: keep the launch alive when all processes have ended, until the tests have."""
    markers = getattr(test_description, "__markers__", {})
    test_description.__markers__ = {**markers, "keep_alive": True}  # type: ignore[attr-defined]
    return test_description
