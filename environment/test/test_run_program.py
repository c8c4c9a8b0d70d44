"""A program whose output nobody takes, or that is interrupted, ends with a sentence at most."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from environment.run_program import INTERRUPTED, LOST, UNREAD
from environment.steps import Places

ROOT = Places().root


def run(folder, code, before="", **streams):
    """A program of this code, whose error output is kept. before: code that runs as the program is loaded."""
    file = folder / "program.py"
    file.write_text(f"import signal\n{before}\ndef main():\n{textwrap.indent(code, '    ')}\n")
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


INTERRUPT = "signal.raise_signal(signal.SIGINT)"


def test_an_interrupt_while_it_still_loads_is_no_traceback(tmp_path):
    loads = f"try:\n    {INTERRUPT}\nexcept BaseException:\n    import html  # as libraries do"
    done = run(tmp_path, "print('never')", before=loads, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "\n")


def test_an_interrupt_that_is_swallowed_is_raised_again(tmp_path):
    """Nothing that runs while an object is deleted can raise; imports delete their locks all the time."""
    swallows = f"class Swallows:\n    def __del__(self):\n        {INTERRUPT}\n"
    done = run(tmp_path, "Swallows()\nwhile True:\n    signal.pause()", before=swallows)
    assert (done.returncode, done.stderr) == (INTERRUPTED, "\n")


def test_an_interrupt_after_all_is_done_is_no_traceback(tmp_path):
    late = f"import atexit\natexit.register(lambda: {INTERRUPT})"
    done = run(tmp_path, "print('done')", before=late, stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "done\n", "\n")


def test_a_program_in_the_background_is_not_interrupted(tmp_path):
    done = run(tmp_path, INTERRUPT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert (done.returncode, done.stderr) == (0, "")


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
    (tmp_path / "program.py").write_text("def main(): print('never')")
    words = [
        sys.executable,
        "-c",
        AT_THE_CHANGE,
        ROOT / "environment/run_program.py",
        tmp_path / "program.py",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "\n")


def test_an_interrupt_while_the_interpreter_of_lab_starts_is_no_traceback(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"import signal\n{INTERRUPT}\n")
    if subprocess.run(["env", "--block-signal=INT", "true"], check=False).returncode:
        pytest.skip("env blocks no signals here")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "lab", "nonsense"], env=environment, capture_output=True, text=True, timeout=60
    )
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
