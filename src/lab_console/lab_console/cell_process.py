"""The cell as a child process: started from its launch file, ended without leftovers."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

LAUNCH = """
import ctypes, signal, sys
set_parent_death_signal = 1  # of prctl(2): who started the cell may be killed, and the cell ends in order
ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGINT)
from ros2launch.api import get_share_file_path_from_package, launch_a_launch_file
path = get_share_file_path_from_package(package_name="lab_bringup", file_name="cell.launch.py")
sys.exit(launch_a_launch_file(launch_file_path=path, launch_file_arguments=sys.argv[1:], noninteractive=True))
"""

SOURCES = (
    re.compile(r"^\[[^]]+-\d+\] \[ERROR\]"),
    re.compile(r"^\[[^]]+-\d+\] \[FATAL\]"),
    re.compile(r"\[ERROR\] \[launch\]"),
    re.compile(r"\[(ERROR|FATAL)\]"),
)
"""Who says best why: the node that refuses, the one that ends because of that, the launch."""
ELSEWHERE = ("above says why", "above say why")
"""How a sentence ends that knows no reason of its own."""
LAST_LINES = 15
ORDERLY = re.compile(r"process started with|sending signal|process has finished cleanly|failed to terminate")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CellProcess:
    """Context manager: cell.launch.py with arguments, its output in a log file."""

    def __init__(self, arguments: dict[str, str], log: Path) -> None:
        self._arguments = [f"{name}:={value}" for name, value in arguments.items()]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> CellProcess:
        with self._log.open("wb") as log:
            # a session of its own: Ctrl-C reaches the cell through us, once, and in order
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", LAUNCH, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        process = self._process
        assert process is not None
        for sign, patience in ((signal.SIGINT, 25.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            if process.poll() is not None:
                break
            process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def ended(self) -> bool:
        """Whether the cell has ended by itself."""
        assert self._process is not None
        return self._process.poll() is not None

    def complaint(self) -> str:
        """The sentence with which the cell refused to go on."""
        return complaint_in(self._text())

    def last_words(self) -> tuple[str, ...]:
        """The end of what it said, but for how its processes came and went in order."""
        return tuple([line for line in _lines(self._text()) if not ORDERLY.search(line)][-LAST_LINES:])

    def _text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def complaint_in(log: str) -> str:
    """The first cause that a cell's log names: what only points at the messages above it is none."""
    lines = _lines(log)
    said = [_said(line) for source in SOURCES for line in lines if source.search(line)]
    causes = [sentence for sentence in said if not sentence.endswith(ELSEWHERE)]
    return next(iter(causes or said or lines[-1:]), "it said nothing")


def _lines(log: str) -> list[str]:
    return [line for line in COLOUR.sub("", log).splitlines() if line.strip()]


def _said(line: str) -> str:
    return line.rsplit("]: ", 1)[-1].removeprefix("Caught exception in launch (see debug for traceback): ")
