"""Whole runs of `./lab demo` to which something happens: keys, signals, a full disk, a neighbour."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from _cell_run import wall_wait
from _fuzz_programs import READ_ONLY, Started, command, marked, started
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_evaluation.fuzzing.target import Target
from lab_evaluation.fuzzing.terminals import BURSTS, GROUP, asks_to_stop

# Wall seconds that a cell may take to come up, and a run to end after what happened to it.
UP, ENDS = 120.0, 120.0
# where nothing else of a campaign is: left alone, each demo takes a domain of its own
DOMAIN = "77"
KILLED = ("demo", "launch", "guard", "motion", "tasks", "simulator", "stop", "recorder")
EVENTS = (
    "keys",
    "SIGINT",
    "SIGTERM",
    "SIGHUP",
    "terminal closed",
    "resize",
    "neighbour",
    "full disk",
    "read-only",
)
_PATTERNS = {"launch": r"launch_a_launch_file", "guard": r"launch_guard"}


@dataclass(frozen=True)
class Trial:
    """event: one of EVENTS, or "kill NAME". early: before the cell is up. burst: of keys. columns: shown."""

    event: str
    early: bool
    burst: str
    columns: int


TRIALS = st.builds(
    Trial,
    st.sampled_from([*EVENTS, *(f"kill {name}" for name in KILLED)]),
    st.booleans(),
    BURSTS,
    st.sampled_from([3, 20, 46, 80, 200]),
)


def _pid(one: Started, name: str) -> int | None:
    """Of a process of a run, by what it is."""
    if name == "demo":
        return one.process.pid
    pattern = re.compile(_PATTERNS.get(name, rf"__node:={name}(\s|$)"))
    for pid in marked(one.mark):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if pattern.search(words) and pid != one.process.pid:
            return pid
    return None


def _happen(one: Started, trial: Trial, out: Path) -> None:
    event = trial.event
    if event == "keys":
        one.type(trial.burst)
        if asks_to_stop(trial.burst):
            # it waits for its reset for ever: the operator leaves
            if not wall_wait(lambda: "STOPPED" in one.said() or one.process.poll() is not None, ENDS):
                raise Wrong(f"{trial.burst!r} did not stop it", Verdict.MOTION)
            one.process.send_signal(signal.SIGINT)
    elif event == "terminal closed":
        one.close_terminal()
    elif event == "resize":
        for columns, rows in ((1, 1), (300, 100), (trial.columns, 2)):
            one.resize(columns, rows)
            one.said(0.3)
    elif event == "neighbour":
        words = command("demo", ["--out", str(out.with_name("second")), "--no-video"])
        with started(words, cwd=out.parent, ROS_DOMAIN_ID=DOMAIN) as second:
            if not wall_wait(lambda: one.said() is None or second.ended(0.1), ENDS):
                raise Wrong("a second demo in the domain does not end", Verdict.HANG)
            if second.process.returncode == 0 or "a cell already runs" not in " ".join(second.said().split()):
                raise Wrong(
                    f"a second demo in the domain: {second.process.returncode} {second.said()[-400:]}",
                    Verdict.WRONG_SUCCESS,
                )
    elif event.startswith("kill "):
        pid = _pid(one, event.removeprefix("kill "))
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    elif event.startswith("SIG"):
        one.process.send_signal(getattr(signal, event))


def take(folder: Path, trial: Trial) -> None:
    """Raises Wrong."""
    out = folder / "run"
    for name in ("run", "second"):
        shutil.rmtree(folder / name, ignore_errors=True)
    if trial.event == "read-only":
        out = READ_ONLY / "lab_fuzz"
    words = ["--out", str(out), "--parts", "1", "--seed", "3", "--speed", "0", "--look", "plain"]
    if trial.event == "full disk":
        out.mkdir()
        for name in ("run.json", "report.html", "frames.part"):
            (out / name).symlink_to("/dev/full")
    columns = 120 if trial.event == "keys" else trial.columns  # its word has to be found
    with started(command("demo", words), cwd=folder, columns=columns, ROS_DOMAIN_ID=DOMAIN) as one:
        log = out / "cell.log"

        def up() -> bool:
            said = log.read_text(errors="replace") if log.exists() else ""
            one.said()
            return "process started" in said if trial.early else "active: " in said

        wall_wait(lambda: up() or one.process.poll() is not None, UP)
        if one.process.poll() is None:
            _happen(one, trial, out)
        if not one.ended(ENDS):
            words = f"the run did not end within {ENDS:.0f} s of {trial.event}: {one.said()[-300:]}"
            raise Wrong(words, Verdict.HANG)
        said, code = one.said(), one.process.returncode
        if left := one.left():
            raise Wrong(f"{trial.event} left running: {left}", Verdict.LEFT_RUNNING)
    _judge(trial, out, said, code)


def _judge(trial: Trial, out: Path, said: str, code: int) -> None:
    log = out / "cell.log"
    for text in (said, log.read_text(errors="replace") if log.exists() else ""):
        if "Traceback" in text or "Fatal Python error" in text:
            begins = max(text.find("Traceback"), text.find("Fatal Python error"))
            raise Wrong(f"{trial.event}: {text[begins:][:800]}", Verdict.TRACEBACK)
    run = out / "run.json"
    told = (
        json.loads(run.read_text())
        if run.exists() and run.stat().st_size and trial.event != "full disk"
        else None
    )
    if code == 0 and (told is None or told["placed"] != told["presented"] or told["placed"] == 0):
        raise Wrong(f"{trial.event}: exit code 0, and the record says {told}", Verdict.WRONG_SUCCESS)
    if trial.event not in ("kill demo", "full disk", "read-only") and told is None:
        words = f"{trial.event}: the run has left no record; it said {said[-300:]}"
        raise Wrong(words, Verdict.OTHER)
    if trial.event in ("resize", "kill guard") and code != 0:
        raise Wrong(f"{trial.event}: exit code {code}: {said[-300:]}", Verdict.OTHER)


def targets(folder: Path) -> list[Target]:
    """Group "terminals": whole runs."""
    return [
        Target("whole runs", GROUP, TRIALS, lambda trial: take(folder, trial), seconds=20.0, share=0.0012)
    ]
