"""Programs of `./lab` with a terminal, a pipe, a disk or a folder that they would not choose."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st

from _cell_run import ROOT, wall_wait
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.target import Target
from lab_evaluation.fuzzing.terminals import GROUP

MARK = "LAB_FUZZ_MARK"
# Not even root writes there.
READ_ONLY = Path("/sys")
# Wall seconds that a program may take to end once it was asked to, and that what it started may outlive it.
ENDS, LEAVES = 120.0, 60.0
# Modules that programs import: none of them may come from the folder that somebody stands in.
SHADOWS = ("html", "json", "argparse", "typing", "yaml", "rich", "numpy", "lab_node", "mcap")
CASE = ROOT / "test" / "cases" / "part_taken_away"
# Command, words, the exit codes that it may have. {out}: a file that may or may not be written.
PROGRAMS: list[tuple[str, list[str], set[int]]] = [
    ("demo", ["--help"], {0}),
    ("demo", ["--parts", "1000"], {2}),
    ("demo", ["--scene", "/bin/ls"], {2}),
    ("order", ["put the red parts in the tray", "--dry-run"], {0}),
    ("order", ["put \x1b[2J in the [/red]", "--dry-run"], {2}),
    ("order", ["everything to the bin"], {2}),
    ("doctor", [], {0, 1}),
    ("doctor", ["--json", "{out}"], {0, 1}),
    ("replay", [str(CASE), "--json", "{out}"], {0, 1}),
    ("replay", ["/proc/self/mem"], {2}),
    ("topic", ["list", "--timeout", "1"], {0, 2}),
    ("call", ["/cell/stop", "std_srvs/srv/Trigger", "--timeout", "1"], {2}),
    ("collision_matrix", ["ur5e_table", "--samples", "-5"], {2}),
    ("launch", ["cell.launch.py", "robto:=fr3"], {1}),
    ("launch", ["cell.launch.py", "--show-args"], {0}),
    ("watch", [], {0}),
]
ENDLESS = {"watch"}
OUTPUTS = ("pipe", "closed pipe", "closed", "full device", "terminal")
ENDINGS = ("none", "SIGINT", "SIGTERM", "SIGHUP", "terminal closed")
WHERE = ("folder", "read-only folder", "full disk", "shadows")


@dataclass(frozen=True)
class Trial:
    """program: index of PROGRAMS. delay: wall seconds until the ending. columns: of the terminal."""

    program: int
    output: str
    ending: str
    where: str
    delay: float
    columns: int


TRIALS = st.builds(
    Trial,
    st.integers(0, len(PROGRAMS) - 1),
    st.sampled_from(OUTPUTS),
    st.sampled_from(ENDINGS),
    st.sampled_from(WHERE),
    st.sampled_from([0.1, 0.2, 0.5, 1.0, 2.0]),
    st.sampled_from([1, 5, 20, 46, 80, 300]),
)


def marked(mark: str) -> list[int]:
    """Processes that were started by what had this mark in its environment."""
    found, sign = [], f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if sign in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def resize(descriptor: int, columns: int, rows: int = 24) -> None:
    """Of a terminal; the program in it is told by SIGWINCH."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Started:
    """A program with its ends: what it says is read, and whatever it has started ends with it."""

    def __init__(
        self,
        words: list[str],
        cwd: Path,
        output: str = "terminal",
        columns: int = 80,
        **variables: str,
    ) -> None:
        """output: one of OUTPUTS. columns: of a terminal. variables: set for it."""
        self.mark, self._said = uuid4().hex, bytearray()
        ours, its = os.openpty() if output == "terminal" else os.pipe()
        if output == "terminal":
            resize(ours, columns)
            words = ["setsid", "--ctty", *words]
        elif output == "closed":
            words = ["sh", "-c", 'exec "$@" >&-', "sh", *words]
        elif output == "full device":
            os.close(its)
            its = os.open("/dev/full", os.O_WRONLY)
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, MARK: self.mark, "TERM": "xterm", "PYTHONUNBUFFERED": "", **variables},
            stdin=its if output == "terminal" else subprocess.DEVNULL,
            stdout=its,
            stderr=its if output == "terminal" else subprocess.PIPE,
            start_new_session=output != "terminal",
        )
        os.close(its)
        self._ours: int | None = ours
        self._open = [ours]
        if output not in ("pipe", "terminal"):
            self.close_terminal()
        if self.process.stderr is not None:
            self._open.append(self.process.stderr.fileno())

    def said(self, seconds: float = 0.0) -> str:
        """What it has said until now, listened to for so long at most."""
        deadline = time.monotonic() + seconds
        while self._open:
            left = max(0.0, deadline - time.monotonic())
            ready = select.select(self._open, [], [], left)[0]
            if not ready:
                break
            for descriptor in ready:
                try:
                    text = os.read(descriptor, 65536)
                except OSError:  # a terminal that nobody has open
                    text = b""
                self._said += text
                if not text:
                    self._open.remove(descriptor)
        return self._said.decode(errors="replace")

    def type(self, keys: str) -> None:
        """On its terminal."""
        if self._ours is not None and os.isatty(self._ours):
            os.write(self._ours, keys.encode())

    def resize(self, columns: int, rows: int = 24) -> None:
        """Its terminal."""
        if self._ours is not None:
            resize(self._ours, columns, rows)

    def close_terminal(self) -> None:
        """As a window that is closed: SIGHUP, and nowhere to write to."""
        if self._ours is not None:
            self._open = [descriptor for descriptor in self._open if descriptor != self._ours]
            os.close(self._ours)
            self._ours = None

    def ended(self, seconds: float) -> bool:
        """Whether it ends within so long; it is listened to meanwhile."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                return False
            self.said(0.05)
            if not self._open:
                time.sleep(0.02)
        self.said(0.2)
        return True

    def left(self, seconds: float = LEAVES) -> list[str]:
        """Command lines of what still runs after so long."""
        wall_wait(lambda: not marked(self.mark), seconds)
        lines = []
        for pid in marked(self.mark):
            with contextlib.suppress(OSError):
                lines.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:200])
        return lines

    def close(self) -> None:
        """Whatever happened, nothing of it goes on."""
        for pid in marked(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.close_terminal()
        if self.process.stderr is not None:
            self.process.stderr.close()


@contextmanager
def started(*words: Any, **options: Any) -> Iterator[Started]:
    """A program that ends with the block."""
    one = Started(*words, **options)
    try:
        yield one
    finally:
        one.close()


def command(name: str, words: list[str]) -> list[str]:
    """A command line of `./lab`."""
    return [str(ROOT / "lab"), name, *words]


def defects(said: str) -> bool:
    """Whether a program said what only a defect says."""
    return any(words in said for words in ("Traceback", "Exception ignored", "Fatal Python error"))


def _folder(folder: Path, where: str) -> Path:
    place = folder / "stands"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if where == "shadows":
        for name in SHADOWS:
            (place / f"{name}.py").write_text("open('ran', 'w').close()\n")
    if where == "full disk":
        (place / "out.json").symlink_to("/dev/full")
    (place / "kept.json").write_text("kept")
    return place


def _end(one: Started, ending: str, delay: float) -> None:
    one.said(delay)
    if one.process.poll() is not None:
        return
    if ending == "terminal closed":
        one.close_terminal()
    elif ending != "none":
        one.process.send_signal(getattr(signal, ending))


def take(folder: Path, trial: Trial) -> None:
    """Raises Wrong."""
    name, words, codes = PROGRAMS[trial.program]
    place = _folder(folder, trial.where)
    stands = READ_ONLY if trial.where == "read-only folder" else place
    out = stands / "out.json"
    words = [word.replace("{out}", str(out)) for word in words]
    ending = "SIGINT" if name in ENDLESS and trial.ending == "none" else trial.ending
    if ending == "terminal closed" and trial.output != "terminal":
        ending = "SIGHUP"
    with started(
        command(name, words),
        cwd=stands,
        output=trial.output,
        columns=trial.columns,
        ROS_LOG_DIR=str(folder),
    ) as one:
        one.type("n\n")  # no to every question
        _end(one, ending, trial.delay)
        if not one.ended(ENDS):
            raise Wrong(f"{name} did not end within {ENDS:.0f} s: {one.said()[-300:]}", Verdict.HANG)
        said, code = one.said(), one.process.returncode
        if left := one.left():
            raise Wrong(f"{name} left running: {left}", Verdict.LEFT_RUNNING)
    if defects(said):
        raise Wrong(f"{name}: {said[max(0, said.find('Traceback')) :][:1000]}", Verdict.TRACEBACK)
    if (place / "ran").exists():
        raise Wrong(f"{name} ran a module of the folder that it was started in", Verdict.OTHER)
    if (place / "kept.json").read_text() != "kept":
        raise Wrong(f"{name} has overwritten a file", Verdict.OTHER)
    _judge_code(trial, ending, name, code, codes, said)
    if code in codes and "{out}" in PROGRAMS[trial.program][1] and trial.where in ("folder", "shadows"):
        json.loads(out.read_text())


def _judge_code(trial: Trial, ending: str, name: str, code: int, codes: set[int], said: str) -> None:
    """An interrupted program may end in any way that is none of success by mistake; others as they should."""
    if ending != "none":
        return
    refused = trial.output in ("closed pipe", "closed", "full device") or trial.where in (
        "read-only folder",
        "full disk",
    )
    if code not in codes | ({1, 2, 141} if refused else set()):
        verdict = Verdict.WRONG_SUCCESS if code == 0 else Verdict.OTHER
        raise Wrong(f"{name} ended with {code}, expected {codes}: {said[-300:]}", verdict)
    if code == 0 and trial.output == "full device":
        raise Wrong(f"{name} ended with 0, and what it said is lost", Verdict.WRONG_SUCCESS)


def targets(folder: Path) -> list[Target]:
    """Group "terminals": what needs a process of its own."""
    return [Target("programs", GROUP, TRIALS, lambda trial: take(folder, trial), seconds=4.0, share=0.01)]
