"""What ends when a launch is ended, and what stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEADLINE_SECONDS = 20.0

# A launch file of its own, so that signals do not meet the test. Every process writes its id to a file.
LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import ExecuteProcess

CHILD = '''
import os, signal, sys
for name in sys.argv[2].split(","):
    if name:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
if len(sys.argv) > 3:
    import subprocess
    subprocess.Popen([sys.executable, __file__, sys.argv[3], sys.argv[4]])
open(sys.argv[1], "w").write(str(os.getpid()))
while True:
    signal.pause()
'''
open("child.py", "w").write(CHILD)

service = LaunchService(noninteractive={noninteractive})
service.include_launch_description(LaunchDescription([
    ExecuteProcess(cmd=[sys.executable, "child.py", *arguments], name="child", output="screen",
                   sigterm_timeout="0.3", sigkill_timeout="0.3", {options})
    for arguments in {children}
]))
code = service.run()
print("code", code, flush=True)
sys.exit(code)
"""

OBEDIENT: list[str] = ["child.pid", ""]
IGNORES_SIGINT = ["child.pid", "SIGINT"]
IGNORES_ALL = ["child.pid", "SIGINT,SIGTERM"]


class Launch:
    """A launch in a process group of its own."""

    def __init__(self, folder: Path, children: list[list[str]], noninteractive: bool, options: str) -> None:
        self.folder = folder
        source = LAUNCH.replace("{noninteractive}", str(noninteractive)).replace("{options}", options)
        (folder / "run.py").write_text(source.replace("{children}", repr(children)))
        self.process = subprocess.Popen(
            [sys.executable, "run.py"],
            cwd=folder,
            env={**os.environ, "ROS_LOG_DIR": str(folder)},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pid(self, name: str = "child.pid") -> int:
        """Id of a process of the launch, once it runs."""
        path = self.folder / name
        wait_until(lambda: path.exists() and path.read_text() != "", f"{name} is written")
        return int(path.read_text())

    def interrupt_group(self) -> None:
        """What a terminal does on Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> tuple[int, str]:
        """Exit code and output."""
        output, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, output


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline, pause = time.monotonic() + DEADLINE_SECONDS, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {what}"
        pause.wait(0.01)


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for counts as ended."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Launch]]:
    launches: list[Launch] = []

    def start(*children: list[str], noninteractive: bool = False, options: str = "") -> Launch:
        launches.append(Launch(tmp_path, list(children), noninteractive, options))
        return launches[-1]

    yield start
    for started in launches:
        for pid in tmp_path.glob("*.pid"):
            if pid.read_text() and not is_gone(int(pid.read_text())):
                os.kill(int(pid.read_text()), signal.SIGKILL)
        started.process.kill()
        started.process.communicate()


def test_ctrl_c_in_a_terminal_is_not_sent_twice(launch):
    started = launch(OBEDIENT)
    pid = started.pid()
    started.interrupt_group()
    code, output = started.end()
    assert code == 0
    assert "user interrupted with ctrl-c (SIGINT)" in output
    assert "process has died [pid" in output and "exit code -2" in output
    assert "sending signal" not in output
    assert is_gone(pid)


def test_sigint_without_a_terminal_is_passed_on(launch):
    started = launch(OBEDIENT, noninteractive=True)
    pid = started.pid()
    started.process.send_signal(signal.SIGINT)
    code, output = started.end()
    assert code == 0
    assert "sending signal 'SIGINT' to process[child-1]" in output
    assert is_gone(pid)


def test_sigint_to_an_interactive_launch_only_escalates_to_sigterm(launch):
    started = launch(OBEDIENT)
    pid = started.pid()
    started.process.send_signal(signal.SIGINT)
    code, output = started.end()
    assert code == 0
    assert (
        "process[child-1] failed to terminate '0.3' seconds after receiving 'SIGINT', escalating to 'SIGTERM'"
        in output
    )
    assert "exit code -15" in output
    assert is_gone(pid)


@pytest.mark.parametrize(
    ("child", "exit_code", "escalations"),
    [(IGNORES_SIGINT, -15, ["SIGTERM"]), (IGNORES_ALL, -9, ["SIGTERM", "SIGKILL"])],
)
def test_a_process_that_does_not_listen_is_ended_harder(launch, child, exit_code, escalations):
    started = launch(child)
    pid = started.pid()
    started.interrupt_group()
    code, output = started.end()
    assert code == 0
    assert [name for name in ("SIGTERM", "SIGKILL") if f"escalating to '{name}'" in output] == escalations
    assert f"exit code {exit_code}," in output
    assert is_gone(pid)


def test_a_second_ctrl_c_is_ignored(launch):
    started = launch(IGNORES_SIGINT)
    started.pid()
    started.interrupt_group()
    wait_until(lambda: "user interrupted" in _log(started), "the first Ctrl-C is seen")
    started.interrupt_group()
    code, output = started.end()
    assert code == 0
    assert "user interrupted with ctrl-c (SIGINT) again, ignoring..." in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_another_signal_ends_the_launch_alone(launch, number):
    started = launch(OBEDIENT)
    pid = started.pid()
    started.process.send_signal(number)
    started.process.wait(DEADLINE_SECONDS)
    assert started.process.returncode == -number
    assert not is_gone(pid)


def test_what_a_process_has_started_stays(launch):
    started = launch([*OBEDIENT, "grandchild.pid", "SIGINT"])
    pid, grandchild = started.pid(), started.pid("grandchild.pid")
    started.interrupt_group()
    started.process.wait(DEADLINE_SECONDS)
    assert started.process.returncode == 0
    assert is_gone(pid)
    assert not is_gone(grandchild)


def test_a_process_with_a_terminal_of_its_own_ends_too(launch):
    started = launch(OBEDIENT, options="emulate_tty=True")
    pid = started.pid()
    started.interrupt_group()
    code, _ = started.end()
    assert code == 0
    assert is_gone(pid)


def test_respawn_ends_with_the_launch(launch):
    started = launch(OBEDIENT, options="respawn=True, respawn_delay=60.0")
    pid = started.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: "process has died" in _log(started), "the death is seen")
    started.interrupt_group()
    code, output = started.end()
    assert code == 0
    assert output.count("process started with pid") == 1


def _log(started: Launch) -> str:
    return "".join(path.read_text() for path in started.folder.glob("*/launch.log"))
