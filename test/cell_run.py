"""A cell in a process group of its own, its nodes by name, and a client of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cell_client import CellClient

ROOT = Path(__file__).resolve().parents[1]
LAUNCH = """
import sys
from ros2launch.api import launch_a_launch_file
sys.exit(launch_a_launch_file(
    launch_file_path=sys.argv[1], launch_file_arguments=sys.argv[2:], noninteractive=True))
"""


class CellRun:
    """A launched cell; ended, with all its processes, by `close`."""

    def __init__(self, launch_file: Path, arguments: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    LAUNCH,
                    str(launch_file),
                    *(f"{k}:={v}" for k, v in arguments.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": f"{ROOT / 'test'}:{os.environ.get('PYTHONPATH', '')}"},
            )

    @property
    def group(self) -> int:
        """Process group of all that it has started."""
        return self._process.pid

    def pid(self, node: str) -> int | None:
        """Of a node's process, by the name that the launch file gave it."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_text().split("\0")
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    named = f"__node:={node}" in words or any(word.endswith(f"/{node}") for word in words)
                    if parent == self._process.pid and named:
                        return int(entry.name)
        return None

    def ended(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        """The last error in the log."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return next((line for line in reversed(lines) if "[ERROR]" in line or "[FATAL]" in line), "")

    def close(self) -> None:
        for number, patience in ((signal.SIGINT, 30.0), (signal.SIGKILL, 5.0)):
            if self.ended():
                break
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def running_cell(
    launch_file: Path,
    arguments: dict[str, str],
    log: Path,
    beside: Callable[[CellClient], None] = lambda client: None,
    cell: str = "ur5e_table",
    domain: str = "",
) -> Iterator[tuple[CellRun, CellClient]]:
    """A cell that is up, and a client of it; `beside` is called when the cell has not come up yet.

    cell: the name of its file. domain: of both, while it runs; else that of the environment.
    """
    with pytest.MonkeyPatch.context() as environment:
        if domain:
            environment.setenv("ROS_DOMAIN_ID", domain)
        run = CellRun(launch_file, arguments, log)
        try:
            with CellClient(cell) as client:
                beside(client)
                client.until_active(240.0, lambda: run.last_words() or "it ended" if run.ended() else "")
                yield run, client
        finally:
            run.close()


def wall_wait(condition, timeout: float) -> bool:
    """Whether the condition became true within the timeout, seconds of the wall."""
    deadline, pause = time.monotonic() + timeout, threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
