"""Tests after the shutdown."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import TypeVar

Case = TypeVar("Case", bound=type[unittest.TestCase])


def post_shutdown_test() -> Callable[[Case], Case]:
    """Decorator: run the test case after all processes have ended."""

    def decorate(case: Case) -> Case:
        if not issubclass(case, unittest.TestCase):
            raise TypeError("postcondition_test should decorate a unittest.TestCase")
        case.__post_shutdown_test__ = True  # type: ignore[attr-defined]
        return case

    return decorate
