"""Launches, and the tests that run meanwhile and afterwards."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Sequence
from typing import Any

from launch import LaunchDescription, LaunchDescriptionEntity, LaunchDescriptionSource, LaunchService
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown

from .io_handler import ActiveIoHandler
from .loader import TestRun
from .parse_arguments import parse_launch_arguments
from .proc_info_handler import ActiveProcInfoHandler
from .test_result import FailResult, SkipResult, TestResult


class _LaunchDiedException(Exception):
    """The launch ended before the tests did."""


class _RunnerWorker:
    """One launch: in the main thread, where signals arrive, while the tests run in another."""

    def __init__(
        self,
        test_run: TestRun,
        test_run_preamble: Sequence[LaunchDescriptionEntity],
        launch_file_arguments: Sequence[str] = (),
        debug: bool = False,
    ) -> None:
        self._test_run = test_run
        self._preamble = test_run_preamble
        self._arguments = parse_launch_arguments(launch_file_arguments)
        self._service = LaunchService(debug=debug)
        self._proc_info = ActiveProcInfoHandler()
        self._proc_output = ActiveIoHandler()
        self._ready = threading.Event()
        self._tests_completed = threading.Event()
        self._interrupted = False
        self._results: TestResult | None = None

    def run(self) -> TestResult:
        """The results of all tests. _LaunchDiedException if the launch ended before, KeyboardInterrupt on
        Ctrl-C.
        """
        description, context = self._test_run.normalized_test_description(ready_fn=self._ready.set)
        self._bind(context)
        self._service.include_launch_description(self._watched(description))
        thread = threading.Thread(target=self._run_tests, name="test_runner_thread", daemon=True)
        thread.start()
        self._service.run(shutdown_when_idle=not self._test_run.markers.get("keep_alive", False))
        if self._interrupted:
            raise KeyboardInterrupt
        if not self._tests_completed.is_set() or self._results is None:
            print("Processes under test stopped before tests completed")
            self._print_outputs()
            raise _LaunchDiedException
        self._results.append(_run_suite(self._test_run.post_shutdown_tests))
        return self._results

    def _bind(self, context: dict[str, Any]) -> None:
        test_args = dict(self._arguments)
        active = {"proc_info": self._proc_info, "proc_output": self._proc_output, "test_args": test_args}
        active["launch_service"] = self._service
        final = {
            "proc_info": self._proc_info._proc_info_handler,
            "proc_output": self._proc_output._io_handler,
            "test_args": test_args,
        }
        self._test_run.bind(self._test_run.pre_shutdown_tests, active, {**context, **active})
        self._test_run.bind(self._test_run.post_shutdown_tests, final, {**context, **final})

    def _watched(self, description: LaunchDescription) -> LaunchDescription:
        def on_start(event: Any, context: Any) -> None:
            self._proc_info.append(event)
            self._proc_output.track(event.process_name)

        def on_exit(event: Any, context: Any) -> None:
            self._proc_info.append(event)

        def on_shutdown(event: Any, context: Any) -> None:
            self._interrupted = event.due_to_sigint

        handlers = (
            OnProcessStart(on_start=on_start),
            OnProcessExit(on_exit=on_exit),
            OnProcessIO(on_stdout=self._proc_output.append, on_stderr=self._proc_output.append),
            OnShutdown(on_shutdown=on_shutdown),
        )
        return LaunchDescription(
            [
                *self._preamble,
                *(RegisterEventHandler(handler) for handler in handlers),
                IncludeLaunchDescription(
                    LaunchDescriptionSource(launch_description=description), launch_arguments=self._arguments
                ),
            ]
        )

    def _run_tests(self) -> None:
        if not self._ready.wait(self._test_run.timeout):
            print("Timed out waiting for processes to start up")
            self._service.shutdown()
            return
        try:
            self._results = _run_suite(self._test_run.pre_shutdown_tests)
        finally:
            self._tests_completed.set()
            self._service.shutdown()

    def _print_outputs(self) -> None:
        """What the processes that failed had to say."""
        for event in self._proc_info:
            returncode = getattr(event, "returncode", None)
            if returncode == 0:
                continue
            name = event.process_name
            print(f"Process '{name}' exited with {returncode}")
            print(f"##### '{name}' output #####")
            for piece in self._proc_output[name]:
                print(piece.text.decode(errors="replace"), end="")
            print("#" * (len(name) + 21))


class LaunchTestRunner:
    """Runs launches one after the other."""

    def __init__(
        self, test_runs: Sequence[TestRun], launch_file_arguments: Sequence[str] = (), debug: bool = False
    ) -> None:
        """launch_file_arguments: of the form `name:=value`; tests get them as `test_args`."""
        self._test_runs = test_runs
        self._launch_file_arguments = launch_file_arguments
        self._debug = debug

    def generate_preamble(self) -> list[LaunchDescriptionEntity]:
        """What is visited before each test description; for subclasses."""
        return []

    def validate(self) -> None:
        """An exception if a test description cannot be run."""
        for run in self._test_runs:
            run.validate()

    def run(self) -> dict[TestRun, unittest.TestResult]:
        """The results by launch; none after a launch that died."""
        results: dict[TestRun, unittest.TestResult] = {}
        for run in self._test_runs:
            if len(self._test_runs) > 1:
                print(f"\nStarting test run {run}")
            try:
                worker = _RunnerWorker(
                    run, self.generate_preamble(), self._launch_file_arguments, self._debug
                )
                results[run] = worker.run()
            except unittest.SkipTest as skip:
                print(f"{run} is skipped: {skip}")
                results[run] = SkipResult(run, str(skip))
            except _LaunchDiedException:
                results[run] = FailResult(run, "Launch stopped before the active tests finished.")
                break
        return results


def _run_suite(tests: unittest.TestSuite) -> TestResult:
    result = unittest.TextTestRunner(verbosity=2, resultclass=TestResult).run(tests)
    assert isinstance(result, TestResult)
    return result
