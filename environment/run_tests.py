"""Runs the tests inside the environment; the last line is `N passed, N failed`.

pytest runs in a process of its own and every test leaves its outcome in a file as it ends, so that the
last line is right even when a test takes the interpreter down with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TEST_FOLDERS = ("environment/test", "underlay/test", "underlay/*/test", "src/*/test", "test")
OUTCOMES = "LAB_TEST_OUTCOMES"
AGAIN = "--failed-again"
PASSED, FAILED = b"p", b"f"
USAGE, NOTHING_COLLECTED = 4, 5
# Wall seconds for one process of pytest; the longest takes 700.
LONGEST = 1800.0


def main(words: Sequence[str]) -> int:
    """Runs pytest over the named tests, or over all of them; returns pytest's exit code.

    Without names each folder has a process of its own: what a test leaves behind in the middleware, or takes
    down with it, is no other folder's trouble. With `--failed-again` tests that failed are run once more,
    alone, and so is a folder whose process was ended by a signal or hung; it is the second result that
    counts: a test of a whole cell on a machine that others use may miss a deadline.
    """
    arguments = [word for word in words if word != AGAIN]
    runs = [arguments]
    if not any(Path(word.partition("::")[0]).exists() for word in arguments):
        folders = [path for pattern in TEST_FOLDERS for path in sorted(ROOT.glob(pattern))]
        runs = [[str(folder), *arguments] for folder in folders]
    codes, passed, failed = set(), 0, 0
    for run in runs:
        code, passed_here, failed_here = _run_again(run) if AGAIN in words else _run(run)
        if code < 0:
            print(f"\npytest was ended by signal {-code}", flush=True)
        codes.add(code)
        passed, failed = passed + passed_here, failed + failed_here
        if code == USAGE:
            break  # pytest has said what is wrong, and would say it for each folder
    print(f"{passed} passed, {failed} failed", flush=True)
    code = next(iter(sorted(codes - {0, NOTHING_COLLECTED})), min(codes))
    return code if code >= 0 else 128 - code


def _run_again(arguments: Sequence[str]) -> tuple[int, int, int]:
    """As _run, with a second chance for what failed."""
    code, passed, failed = _run(arguments)
    if not failed or code > 1:
        return code, passed, failed
    words = "those that failed, once more" if code == 1 else f"ended by signal {-code}, all once more"
    print(f"\n{passed} passed, {failed} failed; {words}:", flush=True)
    if code < 0:
        return _run(arguments)
    code, passed_again, failed = _run([*arguments, "--last-failed", "--last-failed-no-failures=none"])
    return code, passed + passed_again, failed


def _run(arguments: Sequence[str]) -> tuple[int, int, int]:
    """Exit code of pytest, negative for a signal, and how many tests passed and failed."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes"
        outcomes.touch()
        environment = {**os.environ, OUTCOMES: str(outcomes)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
        pytest = [sys.executable, "-P", "-m", "pytest", "-p", "environment.run_tests", f"--rootdir={ROOT}"]
        try:
            code = subprocess.run(
                [*pytest, *arguments], env=environment, check=False, timeout=LONGEST
            ).returncode
        except subprocess.TimeoutExpired:
            print(f"\npytest has not ended within {LONGEST:.0f} s: killed", flush=True)
            code = -signal.SIGKILL
        seen = outcomes.read_bytes()
    passed, failed = seen.count(PASSED), seen.count(FAILED)
    if code > 0 and code != NOTHING_COLLECTED and not failed:
        failed = 1  # pytest itself ended badly
    if code < 0:
        failed += 1  # a test took the interpreter down, in the middle of a line
    return code, passed, failed


def _note(outcome: bytes) -> None:
    with Path(os.environ[OUTCOMES]).open("ab") as outcomes:
        outcomes.write(outcome)


def pytest_runtest_logreport(report: Any) -> None:
    """Hook of pytest: an error around a test counts as a failure, as does one in it."""
    if report.failed:
        _note(FAILED)
    elif report.when == "call" and report.passed:
        _note(PASSED)


def pytest_runtest_makereport(item: Any, call: Any) -> None:
    """Hook of pytest: a fixture that failed half way cannot end what it has begun of ROS."""
    broken = call.when == "setup" and call.excinfo is not None and call.excinfo.typename != "Skipped"
    if broken and "rclpy" in sys.modules:
        sys.modules["rclpy"].try_shutdown()


def pytest_collectreport(report: Any) -> None:
    """Hook of pytest: a test file that cannot be read is a failure."""
    if report.failed:
        _note(FAILED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
