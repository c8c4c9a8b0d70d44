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


@pytest.mark.parametrize("stream", [0, 1])
def test_no_file_gets_the_number_of_a_closed_stream(tmp_path, stream):
    code = "import sys\nwith open('kept', 'w') as kept:\n    print('words')\n    assert kept.fileno() > 2\n"
    streams = {} if stream == 0 else {"stdin": subprocess.DEVNULL}
    done = run(tmp_path, code, preexec_fn=lambda: os.close(stream), **streams)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "kept").read_text() == ""


def test_an_interrupt_while_it_still_loads_is_no_traceback(tmp_path):
    done = run(tmp_path, "import signal\nsignal.raise_signal(signal.SIGINT)\nimport html\n")
    assert (done.returncode, done.stderr) == (INTERRUPTED, "\n")


def test_its_own_exit_code_is_kept(tmp_path):
    assert run(tmp_path, "raise SystemExit(7)").returncode == 7
    assert "ValueError" in run(tmp_path, "raise ValueError").stderr
