"""Results of launches."""

from __future__ import annotations

import time
import unittest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loader import TestRun


class FailResult(unittest.TestResult):
    """Of a launch that ended before its tests did: all of them failed."""

    def __init__(self, test_run: TestRun, message: str) -> None:
        super().__init__()
        self.failures.extend((case, message) for case in test_run.all_cases())

    def wasSuccessful(self) -> bool:
        """No, even if there was no test."""
        return False


class SkipResult(unittest.TestResult):
    """Of a launch that is skipped: all of its tests are."""

    def __init__(self, test_run: TestRun, skip_reason: str = "") -> None:
        super().__init__()
        self.skip_reason = skip_reason
        self.skipped.extend((case, skip_reason) for case in test_run.all_cases())


class TestResult(unittest.TextTestResult):
    """Of tests that ran, with their times."""

    def __init__(self, stream: Any, descriptions: bool, verbosity: int, **kwargs: Any) -> None:
        super().__init__(stream, descriptions, verbosity, **kwargs)
        self.testTimes: dict[unittest.TestCase, float] = {}
        self._started = 0.0

    @property
    def testCases(self) -> list[unittest.TestCase]:
        """All tests that ran."""
        return list(self.testTimes)

    def startTest(self, test: unittest.TestCase) -> None:
        self._started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        self.testTimes[test] = time.monotonic() - self._started
        super().stopTest(test)

    def append(self, results: TestResult) -> None:
        """Add the results of the tests after the shutdown."""
        self.testTimes.update(results.testTimes)
        self.failures += results.failures
        self.errors += results.errors
        self.testsRun += results.testsRun
        self.skipped += results.skipped
        self.expectedFailures += results.expectedFailures
        self.unexpectedSuccesses += results.unexpectedSuccesses
