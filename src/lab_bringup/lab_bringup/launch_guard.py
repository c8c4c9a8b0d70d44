"""Ends what a launch that is gone has left running.

`ros2 launch` ends its processes when it gets SIGINT. SIGTERM, SIGKILL and the SIGHUP of a closed terminal end
the launch alone: its nodes stay, and an arm goes on. So a launch file of ours starts a guard beside the
launch. It waits until the launch is gone and then ends whatever still has the launch's mark in its
environment: our nodes, drivers, and what they have started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARK = "LAB_LAUNCH"
"""Variable of the environment that all processes of a launch have, with a value that no other launch has."""
# As launch does: each signal, and the seconds that processes have to end after it.
STEPS = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

_marks: dict[int, str] = {}


def guarded(context: Any) -> None:
    """For an OpaqueFunction before the first process of a launch file: start the guard, if there is none yet.

    context: the launch context.
    """
    if os.getpid() not in _marks:
        mark = uuid.uuid4().hex
        hears, _ = os.pipe()  # the other end closes when this process ends, in whatever way
        # no site and no PYTHONPATH: it starts in 20 ms and needs 10 MB
        command = [sys.executable, "-I", "-S", __file__, mark]
        streams = [(os.POSIX_SPAWN_DUP2, hears, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        # A session of its own: the signals of the terminal, and of who kills the group of the launch, are not
        # for the guard.
        os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setsid=True)
        os.close(hears)
        _marks[os.getpid()] = mark
    context.environment[MARK] = _marks[os.getpid()]


def end_marked(mark: str, say: Callable[[str], None]) -> None:
    """End all processes that have the mark, in order, and what does not end by force."""
    left = marked(mark)
    if not left:
        return
    names = ", ".join(sorted({name for name in map(_name, left) if name}))
    say(f"the launch is gone and has left {len(left)} process(es) running, which are ended now: {names}")
    for number, patience in STEPS:
        for process in marked(mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)
        deadline = time.monotonic() + patience
        while marked(mark) and time.monotonic() < deadline:
            time.sleep(0.1)
    if left := marked(mark):
        say(f"processes {', '.join(map(str, left))} could not be ended: end them yourself")


def marked(mark: str) -> list[int]:
    """Processes of this user that have the mark, this one left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return sorted(set(found) - {os.getpid()})


def _name(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text(errors="replace").strip()
    return ""


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may have gone with the launch
        print(f"[launch_guard]: {sentence}", file=sys.stderr, flush=True)


def main() -> None:
    """Wait until the process at the other end of the input is gone, then end what has its mark."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when there is nothing left to guard
    while os.read(0, 1):
        pass
    end_marked(sys.argv[1], _say)


if __name__ == "__main__":
    main()
