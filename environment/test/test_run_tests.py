"""The last line of `lab test` is right whatever happens."""

import os
import subprocess
import sys

import pytest

from environment.steps import Places

SCRIPT = Places().root / "environment" / "run_tests.py"
GOOD = "def test_good(): pass\n"
BAD = "def test_bad(): assert False\n"
BROKEN_FIXTURE = "import pytest\n@pytest.fixture\ndef x(): 1 / 0\ndef test_x(x): pass\n"
BROKEN_TEARDOWN = "import pytest\n@pytest.fixture\ndef x():\n    yield\n    1 / 0\ndef test_x(x): pass\n"
SKIPPED = "import pytest\ndef test_s(): pytest.skip()\n"
UNREADABLE = "import no_such_module\n"
CRASH = "import os\ndef test_crash(): os.abort()\n"


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
    ],
    ids=["good", "bad", "fixture", "teardown", "skipped", "unreadable", "crash", "nothing"],
)
def test_last_line(tmp_path, text, last, success):
    (tmp_path / "test_it.py").write_text(text)
    result = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(tmp_path), "-p", "no:cacheprovider"],
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.splitlines()[-1] == last
    assert (result.returncode == 0) is success


@pytest.mark.parametrize(
    ("text", "last", "success"),
    [
        (GOOD + "import pathlib\ndef test_late():\n    m = pathlib.Path('seen')\n    s = m.exists()\n"
         "    m.touch()\n    assert s\n", "2 passed, 0 failed", True),
        (GOOD + BAD, "1 passed, 1 failed", False),
    ],
    ids=["passes the second time", "never passes"],
)  # fmt: skip
def test_what_failed_is_run_once_more_when_that_is_asked_for(tmp_path, text, last, success):
    (tmp_path / "test_it.py").write_text(text)
    result = subprocess.run(
        [
            sys.executable,
            "-P",
            str(SCRIPT),
            str(tmp_path),
            "--failed-again",
            "-o",
            f"cache_dir={tmp_path}/cache",
        ],
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "1 passed, 1 failed; those that failed, once more:" in result.stdout
    assert result.stdout.splitlines()[-1] == last
    assert (result.returncode == 0) is success


def test_a_folder_whose_process_dies_is_run_once_more(tmp_path):
    once = "    if not m.exists():\n        m.touch()\n        os.abort()\n"
    text = "import os, pathlib\ndef test_late():\n    m = pathlib.Path('seen')\n"
    (tmp_path / "test_it.py").write_text(GOOD + text + once)
    result = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(tmp_path), "--failed-again", "-p", "no:cacheprovider"],
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "ended by signal 6, all once more" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 passed, 0 failed"
    assert result.returncode == 0
