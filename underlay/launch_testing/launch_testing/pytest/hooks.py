"""Plugin of pytest: a module whose generate_test_description() is marked `launch_test` is one test."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.pathlib import import_path

from ..loader import LoadTestsFromPythonModule
from ..test_result import SkipResult
from ..test_runner import LaunchTestRunner


class LaunchTestFailure(Exception):
    """Tests of a launch failed."""

    def __init__(self, message: str, results: dict[Any, unittest.TestResult]) -> None:
        super().__init__(message)
        self.message = message
        self.results = results

    def failures(self) -> list[tuple[str, str]]:
        """Name and report of every test that failed."""
        return [
            (case.id(), report)
            for result in self.results.values()
            for case, report in [
                *result.errors,
                *result.failures,
                *((case, "unexpected success") for case in result.unexpectedSuccesses),
            ]
        ]

    def __str__(self) -> str:
        return self.message + "".join(
            f"\n{'=' * 70}\nFAIL: {name}\n{'-' * 70}\n{report}" for name, report in self.failures()
        )


class LaunchTestItem(pytest.Item):
    """All launches of a module with all their tests."""

    def __init__(
        self,
        *,
        module: ModuleType,
        runner_cls: type[LaunchTestRunner] = LaunchTestRunner,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._module = module
        self._runner_cls = runner_cls

    def runtest(self) -> None:
        arguments = [argument for given in self.config.getoption("--launch-args") for argument in given]
        runner = self._runner_cls(
            test_runs=LoadTestsFromPythonModule(self._module, name=self.name),
            launch_file_arguments=arguments,
            debug=bool(self.config.getoption("verbose")),
        )
        runner.validate()
        results = runner.run()
        if any(not result.wasSuccessful() for result in results.values()):
            raise LaunchTestFailure("some test cases have failed", results)
        skips = [result for result in results.values() if isinstance(result, SkipResult)]
        if skips and len(skips) == len(results):
            pytest.skip(skips[0].skip_reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, LaunchTestFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, 0, f"launch tests: {self.name}"


class LaunchTestModule(pytest.File):
    """A module of launch tests."""

    def makeitem(self, **kwargs: Any) -> pytest.Item:
        """The item of the module; for subclasses."""
        return LaunchTestItem.from_parent(self, **kwargs)

    def collect(self) -> Iterator[pytest.Item]:
        module = _import(self.path, self.config)
        yield self.makeitem(name=module.__name__, module=module)


def _import(path: Path, config: pytest.Config) -> ModuleType:
    return import_path(
        path,
        mode=config.getoption("importmode"),
        root=config.rootpath,
        consider_namespace_packages=config.getini("consider_namespace_packages"),
    )


def _entrypoint(path: Path, config: pytest.Config) -> Callable[..., Any] | None:
    """The module's generate_test_description(), if it has one. Errors of the import are for pytest to
    report.
    """
    if b"generate_test_description" not in path.read_bytes():
        return None
    try:
        return getattr(_import(path, config), "generate_test_description", None)
    except (Exception, pytest.skip.Exception):
        return None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the modules of launch tests, leave the others."""
    entrypoint = _entrypoint(module_path, parent.config)
    if entrypoint is None:
        return None
    hook = parent.session.gethookproxy(module_path)
    module: pytest.Collector | None = hook.pytest_launch_collect_makemodule(
        module_path=module_path, parent=parent, entrypoint=entrypoint
    )
    return module


@pytest.hookimpl(trylast=True)
def pytest_launch_collect_makemodule(
    module_path: Path, parent: pytest.Collector, entrypoint: Callable[..., Any]
) -> pytest.Collector | None:
    """A collector if the entry point is marked; it has all the marks of the entry point."""
    marks = getattr(entrypoint, "pytestmark", [])
    if not any(mark.name == "launch_test" for mark in marks):
        return None
    module = LaunchTestModule.from_parent(parent, path=module_path)
    for mark in marks:
        module.add_marker(getattr(pytest.mark, mark.name).with_args(*mark.args, **mark.kwargs))
    return module


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Announce the hook for other plugins."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Arguments of launches."""
    parser.addoption(
        "--launch-args", action="append", nargs="*", default=[], help="One or more Launch test arguments"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers", "launch_test: mark a generate_test_description function as a launch test entrypoint"
    )
