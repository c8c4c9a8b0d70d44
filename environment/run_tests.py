"""Runs the tests inside the environment; the last line is `N passed, N failed`.

pytest runs in a process of its own and every test leaves its outcome in a file as it ends, so that the
last line is right even when a test takes the interpreter down with it.
"""

from __future__ import annotations

import os
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
NOTHING_COLLECTED = 5


def main(words: Sequence[str]) -> int:
    """Runs pytest over the named tests, or over all of them; returns pytest's exit code.

    With `--failed-again` those that failed are run once more, alone, and it is the second result that counts:
    a test of a whole cell on a machine that others use may miss a deadline.
    """
    arguments = [word for word in words if word != AGAIN]
    named = any(Path(word.partition("::")[0]).exists() for word in arguments)
    folders = [] if named else [str(path) for pattern in TEST_FOLDERS for path in sorted(ROOT.glob(pattern))]
    code, passed, failed = _run([*folders, *arguments])
    if failed and code == 1 and AGAIN in words:
        print(f"\n{passed} passed, {failed} failed; those that failed, once more:", flush=True)
        code, passed_again, failed = _run(
            [*folders, *arguments, "--last-failed", "--last-failed-no-failures=none"]
        )
        passed += passed_again
    if code < 0:
        print(f"\npytest was ended by signal {-code}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return code if code >= 0 else 128 - code


def _run(arguments: Sequence[str]) -> tuple[int, int, int]:
    """Exit code of pytest, negative for a signal, and how many tests passed and failed."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes"
        outcomes.touch()
        environment = {**os.environ, OUTCOMES: str(outcomes)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
        pytest = [sys.executable, "-P", "-m", "pytest", "-p", "environment.run_tests", f"--rootdir={ROOT}"]
        code = subprocess.run([*pytest, *arguments], env=environment, check=False).returncode
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


def pytest_collectreport(report: Any) -> None:
    """Hook of pytest: a test file that cannot be read is a failure."""
    if report.failed:
        _note(FAILED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
