"""A launch that is gone leaves nothing running, in whatever way it has gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lab_bringup.launch_guard import MARK

DEADLINE = 60.0

LAUNCH = """
import sys
from lab_bringup.launch_guard import guarded
from launch import LaunchDescription, LaunchService
from launch.actions import ExecuteProcess, OpaqueFunction

service = LaunchService(argv=[])
service.include_launch_description(LaunchDescription([
    OpaqueFunction(function=guarded),
    OpaqueFunction(function=guarded),  # as in a launch file that another one of ours includes
    ExecuteProcess(cmd=[sys.executable, "-S", "child.py", "SIGHUP"]),
]))
sys.exit(service.run())
"""
# Deaf to the signal that is named. The first has a child in a session of its own, as drivers may have.
CHILD = """
import os, signal, subprocess, sys
signal.signal(getattr(signal, sys.argv[1]), signal.SIG_IGN)
if sys.argv[1] == "SIGHUP":
    subprocess.Popen([sys.executable, "-S", "child.py", "SIGINT"], start_new_session=True)
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(file.name, sys.argv[1] + ".pid")
while True:
    signal.pause()
"""


def until(condition, what):
    deadline, pause = time.monotonic() + DEADLINE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE} s: {what}"
        pause.wait(0.02)


def alive(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def guards(mark):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_text().split("\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def launch(tmp_path):
    """A running launch, the ids of its two processes, and its mark."""
    (tmp_path / "child.py").write_text(CHILD)
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH],
        cwd=tmp_path,
        env={**os.environ, "ROS_LOG_DIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    files = [tmp_path / "SIGHUP.pid", tmp_path / "SIGINT.pid"]
    until(lambda: all(file.exists() for file in files), "both processes run")
    children = [int(file.read_text()) for file in files]
    variables = Path(f"/proc/{children[0]}/environ").read_text().split("\0")
    yield process, children, dict(v.split("=", 1) for v in variables if v)[MARK]
    for pid in filter(alive, children):
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_what_a_dead_launch_leaves_is_ended(launch, number):
    process, children, mark = launch
    assert len(guards(mark)) == 1
    process.send_signal(number)
    _, said = process.communicate(timeout=DEADLINE)  # the guard and the processes hold the pipe
    assert process.returncode == -number
    assert not any(map(alive, children))
    assert "the launch is gone and has left 2 process(es) running" in said
    until(lambda: not guards(mark), "the guard is gone")


def test_what_a_launch_leaves_that_ends_in_order_is_ended_too(launch):
    process, children, mark = launch
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert not any(map(alive, children))
    assert "has left 1 process(es) running" in said
    until(lambda: not guards(mark), "the guard is gone")
