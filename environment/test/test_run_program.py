"""A program whose output nobody takes ends with a sentence at most."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from environment.run_program import INTERRUPTED, LOST, UNREAD
from environment.steps import Places

ROOT = Places().root


def run(folder, code, **streams):
    """A program of this code, whose error output is kept."""
    file = folder / "program.py"
    file.write_text(code)
    words = [sys.executable, "-P", ROOT / "environment" / "run_program.py", file]
    return subprocess.run(words, stderr=subprocess.PIPE, text=True, timeout=60, cwd=folder, **streams)


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_has_left_is_no_traceback(tmp_path, lines):
    reader, writer = os.pipe()
    os.close(reader)
    done = run(tmp_path, f"for _ in range({lines}): print('words')", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (UNREAD, "")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_full_disk_is_said_and_no_success(tmp_path, lines):
    with Path("/dev/full").open("w") as full:
        done = run(tmp_path, f"for _ in range({lines}): print('words')", stdout=full)
    assert done.returncode == LOST
    assert done.stderr == "lab: what it says cannot be written: No space left on device\n"


def test_an_interrupt_while_it_still_loads_is_no_traceback(tmp_path):
    done = run(tmp_path, "import signal\nsignal.raise_signal(signal.SIGINT)\nimport html\n")
    assert (done.returncode, done.stderr) == (INTERRUPTED, "\n")


AT_THE_CHANGE = """
import os, signal, sys
from environment import commands
from environment.steps import Places

execve = os.execve

def interrupted(*words):
    signal.raise_signal(signal.SIGINT)
    execve(*words)

os.execve = interrupted
commands.become([sys.executable, "-P", *sys.argv[1:]], Places())
"""


def test_an_interrupt_while_the_interpreter_starts_is_no_traceback(tmp_path):
    (tmp_path / "program.py").write_text("print('never')")
    words = [
        sys.executable,
        "-c",
        AT_THE_CHANGE,
        ROOT / "environment/run_program.py",
        tmp_path / "program.py",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_traceback(closed):
    words = ["sh", "-c", f'exec "$@" {closed}', "sh", ROOT / "lab", "nonsense"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lab: there is no command `nonsense`") or "2>&-" in closed


def test_its_own_exit_code_is_kept(tmp_path):
    assert run(tmp_path, "raise SystemExit(7)").returncode == 7
    assert "ValueError" in run(tmp_path, "raise ValueError").stderr
