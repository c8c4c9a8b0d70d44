"""Runs the tests inside the environment; the last line is `N passed, N failed`.

pytest runs in a process of its own and every test leaves its outcome in a file as it ends, so that the
last line is right even when a test takes the interpreter down with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Tests of packages, and those of whole cells.
PACKAGES, CELLS = ("environment/test", "underlay/test", "underlay/*/test", "src/*/test"), "test"
AT_A_TIME = 2
OUTCOMES = "LAB_TEST_OUTCOMES"
AGAIN = "--failed-again"
PASSED, FAILED = b"p", b"f"
USAGE, NOTHING_COLLECTED = 4, 5
# Wall seconds for the tests of whole cells, which take 800, and for those of a package, of which the longest
# take 400: one that hangs twice still leaves time for the others.
LONGEST, LONGEST_OF_PACKAGE = 1200.0, 700.0


@dataclass(frozen=True)
class Run:
    """What became of a process of pytest. code: its exit code, negative for a signal; said: what was caught
    of its output; longest: wall seconds that it had.
    """

    arguments: tuple[str, ...]
    code: int
    passed: int
    failed: int
    said: str
    longest: float


def main(words: Sequence[str]) -> int:
    """Runs pytest over the named tests, or over all of them; returns pytest's exit code.

    Without names each folder has a process of its own: what a test leaves behind in the middleware, or takes
    down with it, is no other folder's trouble. Folders of packages, which mostly wait, run two at a time; the
    tests of whole cells, which need the machine, run alone. With `--failed-again` tests that failed are run
    once more when all others are over, and so is a folder whose process was ended by a signal or hung; it is
    the second result that counts: a test of a whole cell on a machine that others use may miss a deadline.
    """
    # begun by nohup or in the background these are ignored, and then by all that the tests start
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see commands.become
    arguments = [word for word in words if word != AGAIN]
    named = any(_names_tests(word) for word in arguments)
    runs = [_run(arguments)] if named else _run_folders(arguments)
    if AGAIN in words:
        runs = [_again(run) for run in runs]
    for run in runs:
        if run.code < 0:
            print(f"\npytest was ended by signal {-run.code}: {' '.join(run.arguments)}", flush=True)
    print(f"{sum(run.passed for run in runs)} passed, {sum(run.failed for run in runs)} failed", flush=True)
    codes = {run.code for run in runs}
    code = next(iter(sorted(codes - {0, NOTHING_COLLECTED})), min(codes))
    return code if code >= 0 else 128 - code


def _names_tests(word: str) -> bool:
    try:
        return Path(word.partition("::")[0]).exists()
    except OSError:  # too long for a file: an expression, as of -k
        return False


def _run_folders(arguments: Sequence[str]) -> list[Run]:
    packages = [folder for pattern in PACKAGES for folder in sorted(ROOT.glob(pattern))]
    # the longest first, so that none begins as the last
    packages.sort(key=lambda folder: -sum(file.stat().st_size for file in folder.glob("*.py")))
    runs = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        waiting = [pool.submit(_run_folder, folder, arguments, caught=True) for folder in packages]
        for future in as_completed(waiting):
            runs.append(run := future.result())
            print(run.said, end="", flush=True)
            if run.code == USAGE:  # and so it would be for each folder
                pool.shutdown(cancel_futures=True)
                return runs
    return runs + [_run_folder(folder, arguments) for folder in ROOT.glob(CELLS)]


def _run_folder(folder: Path, arguments: Sequence[str], caught: bool = False) -> Run:
    # what failed is remembered in a file, which processes at the same time would overwrite
    cache = f"cache_dir=.pytest_cache/{'.'.join(folder.relative_to(ROOT).parts)}"
    return _run([str(folder), "-o", cache, *arguments], caught, LONGEST_OF_PACKAGE if caught else LONGEST)


def _again(run: Run) -> Run:
    """With a second chance for what failed."""
    if not run.failed or run.code > 1:
        return run
    if run.code < 0:
        print(f"\nended by signal {-run.code}, all once more:", flush=True)
        return _run(run.arguments, longest=run.longest)
    print(f"\n{run.passed} passed, {run.failed} failed; those that failed, once more:", flush=True)
    last = _run([*run.arguments, "--last-failed", "--last-failed-no-failures=none"])
    return replace(last, passed=run.passed + last.passed)


def _run(arguments: Sequence[str], caught: bool = False, longest: float | None = None) -> Run:
    """Run pytest; its output is shown as it comes, or caught. longest: LONGEST."""
    longest = longest or LONGEST
    with tempfile.TemporaryDirectory() as folder:
        outcomes, output = Path(folder) / "outcomes", Path(folder) / "output"
        outcomes.touch()
        environment = {**os.environ, OUTCOMES: str(outcomes)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
        pytest = [sys.executable, "-P", "-m", "pytest", "-p", "environment.run_tests", f"--rootdir={ROOT}"]
        with output.open("w") as file:
            streams: dict[str, Any] = {"stdout": file, "stderr": subprocess.STDOUT} if caught else {}
            try:
                code = subprocess.run(
                    [*pytest, *arguments], env=environment, check=False, timeout=longest, **streams
                ).returncode
            except subprocess.TimeoutExpired:
                print(f"\npytest has not ended within {longest:.0f} s: killed", flush=True)
                code = -signal.SIGKILL
        if code < 0:
            _kill_all_with(f"{OUTCOMES}={outcomes}")
        seen, said = outcomes.read_bytes(), output.read_text(errors="replace")
    passed, failed = seen.count(PASSED), seen.count(FAILED)
    if code > 0 and code != NOTHING_COLLECTED and not failed:
        failed = 1  # pytest itself ended badly
    if code < 0:
        failed += 1  # a test took the interpreter down, in the middle of a line
    return Run(tuple(arguments), code, passed, failed, said, longest)


def _kill_all_with(variable: str) -> None:
    """Processes that the tests began and cannot end any more: a cell would disturb those that come after."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


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
