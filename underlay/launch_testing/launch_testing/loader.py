"""Test descriptions and tests of a module."""

from __future__ import annotations

import functools
import inspect
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from launch import LaunchDescription, LaunchDescriptionEntity

from .actions import ReadyToTest

_READY_SECONDS = 15.0


class TestRun:
    """One launch with its tests."""

    def __init__(
        self,
        name: str,
        test_description_function: Callable[..., Any],
        pre_shutdown_tests: unittest.TestSuite,
        post_shutdown_tests: unittest.TestSuite,
    ) -> None:
        self.name = name
        self.pre_shutdown_tests = pre_shutdown_tests
        self.post_shutdown_tests = post_shutdown_tests
        self.markers: dict[str, Any] = getattr(test_description_function, "__markers__", {})
        self.timeout = _READY_SECONDS
        self._test_description_function = test_description_function

    def normalized_test_description(
        self, *, ready_fn: Callable[[], None]
    ) -> tuple[LaunchDescription, dict[str, Any]]:
        """The launch description, whose ReadyToTest calls ready_fn, and what the tests get as arguments.

        Raises an exception if the description holds no ReadyToTest.
        """
        result = self._test_description_function()
        description, context = result if isinstance(result, tuple) else (result, {})
        ready = next(_ready_actions(description.entities), None)
        if ready is None:
            raise Exception(
                "generate_test_description functions must return a LaunchDescription containing a "
                "ReadyToTest action"
            )
        ready._add_callback(ready_fn)
        return description, context

    def get_launch_description(self) -> LaunchDescription:
        """The launch description, to be looked at, not launched."""
        return self.normalized_test_description(ready_fn=lambda: None)[0]

    def bind(
        self,
        tests: unittest.TestSuite,
        injected_attributes: Mapping[str, Any],
        injected_args: Mapping[str, Any],
    ) -> None:
        """Give attributes to the test cases, and arguments to the methods that have parameters of these
        names.
        """
        cases = list(_cases(tests))
        for kind in {type(case) for case in cases}:
            for name, value in injected_attributes.items():
                setattr(
                    kind, name, property(functools.partial(_deprecated_attribute, name=name, value=value))
                )
            for method in ("setUpClass", "tearDownClass"):
                setattr(kind, method, _bound(getattr(kind, method), injected_args))
        for case in cases:
            for method in (case._testMethodName, "setUp", "tearDown"):
                setattr(case, method, _bound(getattr(case, method), injected_args))

    def all_cases(self) -> Iterator[unittest.TestCase]:
        """All tests, those before the shutdown first."""
        yield from _cases(self.pre_shutdown_tests)
        yield from _cases(self.post_shutdown_tests)

    def validate(self) -> None:
        """An exception if the description has arguments."""
        specification = inspect.getfullargspec(inspect.unwrap(self._test_description_function))
        arguments = specification.args + specification.kwonlyargs
        for name in arguments:
            raise Exception(f"generate_test_description has unexpected extra argument '{name}'")

    def __str__(self) -> str:
        return self.name


def LoadTestsFromPythonModule(module: ModuleType, *, name: str = "launch_tests") -> list[TestRun]:
    """The launch of a module that has generate_test_description()."""
    return [TestRun(name, module.generate_test_description, _load(module, False), _load(module, True))]


def _load(module: ModuleType, post_shutdown: bool) -> unittest.TestSuite:
    return _Loader(post_shutdown).loadTestsFromModule(module)


class _Loader(unittest.TestLoader):
    """Loads the tests before, or those after, the shutdown."""

    suiteClass = type("_Suite", (unittest.TestSuite,), {"_removeTestAtIndex": lambda self, index: None})

    def __init__(self, post_shutdown: bool) -> None:
        super().__init__()
        self._post_shutdown = post_shutdown

    def loadTestsFromTestCase(self, testCaseClass: type[unittest.TestCase]) -> unittest.TestSuite:
        if getattr(testCaseClass, "__post_shutdown_test__", False) != self._post_shutdown:
            return self.suiteClass()
        # A class of its own for each launch: what bind() sets on it must not be seen by another launch.
        attributes = {"__module__": testCaseClass.__module__, "__qualname__": testCaseClass.__qualname__}
        return super().loadTestsFromTestCase(type(testCaseClass.__name__, (testCaseClass,), attributes))


def _ready_actions(entities: Iterable[LaunchDescriptionEntity]) -> Iterator[ReadyToTest]:
    for entity in entities:
        if isinstance(entity, ReadyToTest):
            yield entity
        yield from _ready_actions(entity.describe_sub_entities())
        for _, conditional in entity.describe_conditional_sub_entities():
            yield from _ready_actions(conditional)


def _cases(tests: Any) -> Iterator[unittest.TestCase]:
    if isinstance(tests, unittest.TestCase):
        yield tests
    else:
        for test in tests:
            yield from _cases(test)


def _bound(function: Callable[..., Any], candidates: Mapping[str, Any]) -> Callable[..., Any]:
    """The function with the arguments that it has parameters for; marks such as expectedFailure stay."""
    wanted = inspect.signature(function).parameters
    bound = functools.partial(function, **{name: candidates[name] for name in wanted if name in candidates})
    return functools.update_wrapper(bound, function)


def _deprecated_attribute(case: unittest.TestCase, *, name: str, value: Any) -> Any:
    warnings.warn(
        f"Automatically adding attributes like self.{name} to the test class will be deprecated in a "
        "future release."
        f"  Instead, add {name} to the test method argument list to access the test object you need",
        stacklevel=2,
    )
    return value
