"""The last line of `lab test` is right whatever happens."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from environment import run_tests
from environment.steps import Places

SCRIPT = Places().root / "environment" / "run_tests.py"
GOOD = "def test_good(): pass\n"
BAD = "def test_bad(): assert False\n"
BROKEN_FIXTURE = "import pytest\n@pytest.fixture\ndef x(): 1 / 0\ndef test_x(x): pass\n"
BROKEN_TEARDOWN = "import pytest\n@pytest.fixture\ndef x():\n    yield\n    1 / 0\ndef test_x(x): pass\n"
SKIPPED = "import pytest\ndef test_s(): pytest.skip()\n"
UNREADABLE = "import no_such_module\n"
CRASH = "import os\ndef test_crash(): os.abort()\n"
HALF_BEGUN = (
    "import pytest, rclpy\n@pytest.fixture\ndef x():\n    rclpy.init()\n    1 / 0\n"
    "def test_x(x): pass\ndef test_y():\n    rclpy.init()\n    rclpy.shutdown()\n"
)
HANGS = (
    "import pathlib, subprocess, threading\ndef test_it(tmp_path):\n"
    "    child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
    "    pathlib.Path(__file__).with_name('child').write_text(str(child.pid))\n    threading.Event().wait()\n"
)
LATE = (
    "import os, pathlib\ndef test_late():\n    m = pathlib.Path('seen')\n    s = m.exists()\n    m.touch()\n"
)


def run(folder, *words):
    """Of a folder's tests."""
    return subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(folder), *words],
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("text", "last", "success"),
    [
        (GOOD, "1 passed, 0 failed", True),
        (GOOD + BAD, "1 passed, 1 failed", False),
        (GOOD + BROKEN_FIXTURE, "1 passed, 1 failed", False),
        (BROKEN_TEARDOWN, "1 passed, 1 failed", False),
        (GOOD + SKIPPED, "1 passed, 0 failed", True),
        (UNREADABLE, "0 passed, 1 failed", False),
        (GOOD + CRASH, "1 passed, 1 failed", False),
        ("", "0 passed, 0 failed", False),
        (HALF_BEGUN, "1 passed, 1 failed", False),
    ],
    ids=["good", "bad", "fixture", "teardown", "skipped", "unreadable", "crash", "nothing", "half begun"],
)
def test_last_line(tmp_path, text, last, success):
    (tmp_path / "test_it.py").write_text(text)
    result = run(tmp_path, "-p", "no:cacheprovider")
    assert result.stdout.splitlines()[-1] == last
    assert (result.returncode == 0) is success


@pytest.mark.parametrize(
    ("text", "last", "success"),
    [
        (GOOD + LATE + "    assert s\n", "2 passed, 0 failed", True),
        (GOOD + BAD, "1 passed, 1 failed", False),
    ],
    ids=["passes the second time", "never passes"],
)  # fmt: skip
def test_what_failed_is_run_once_more_when_that_is_asked_for(tmp_path, text, last, success):
    (tmp_path / "test_it.py").write_text(text)
    result = run(tmp_path, "--failed-again", "-o", f"cache_dir={tmp_path}/cache")
    assert "1 passed, 1 failed; those that failed, once more:" in result.stdout
    assert result.stdout.splitlines()[-1] == last
    assert (result.returncode == 0) is success


def test_a_folder_whose_process_dies_is_run_once_more(tmp_path):
    (tmp_path / "test_it.py").write_text(GOOD + LATE + "    s or os.abort()\n")
    result = run(tmp_path, "--failed-again", "-p", "no:cacheprovider")
    assert "ended by signal 6, all once more" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 passed, 0 failed"
    assert result.returncode == 0


def test_a_process_that_hangs_is_killed_with_all_that_it_began(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_tests, "LONGEST", 5.0)
    (tmp_path / "test_it.py").write_text(HANGS)
    assert run_tests.main([str(tmp_path), "-p", "no:cacheprovider"]) == 128 + 9
    assert "has not ended within 5 s: killed" in (said := capsys.readouterr().out)
    assert said.splitlines()[-1] == "0 passed, 1 failed"
    child = Path("/proc", (tmp_path / "child").read_text(), "cmdline")
    deadline = time.monotonic() + 30.0
    while child.exists() and child.read_text():  # a zombie says nothing; a signal takes its time
        assert time.monotonic() < deadline


def test_without_names_each_folder_is_run_and_all_are_counted(tmp_path, monkeypatch, capsys):
    for name, text in (("a", BAD), ("b", CRASH), ("c", GOOD), ("d", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_it.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(run_tests.ROOT), prepend=os.pathsep)
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setattr(run_tests, "PACKAGES", ("[a-c]",))
    monkeypatch.setattr(run_tests, "CELLS", "d")
    assert run_tests.main(["-p", "no:cacheprovider"]) == 128 + 6
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 2 failed"


def test_a_name_that_is_none_is_said_once(tmp_path, capfd):
    assert run_tests.main(["no_such_test.py"]) == run_tests.USAGE
    said = "".join(capfd.readouterr())
    assert said.count("file or directory not found: no_such_test.py") == 1
    assert "0 passed, 1 failed\n" in said
