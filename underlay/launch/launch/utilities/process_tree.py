"""Processes that a process has started, and theirs."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Mapping
from pathlib import Path

_PROC = Path("/proc")
_VARIABLE = "LAUNCH_PROCESS_TAGS"
_POLL_SECONDS = 0.05


class ProcessTree:
    """Finds what a process has started, also after the process itself, or one in between, is gone.

    A tag in the environment is inherited by all of them. Those that were given a clean environment are found
    as descendants, as long as their parents run. A process is told from a later one of the same id by its
    start time. Where there is no /proc, the tree is empty.
    """

    def __init__(self) -> None:
        self._tag = uuid.uuid4().hex
        self._root = 0
        self._known: dict[int, int] = {}

    def tagged(self, env: Mapping[str, str] | None) -> dict[str, str]:
        """The environment for the process; tags of an outer launch stay."""
        environment = dict(os.environ if env is None else env)
        environment[_VARIABLE] = ":".join(filter(None, [environment.get(_VARIABLE, ""), self._tag]))
        return environment

    def plant(self, root: int) -> None:
        """The process has this id."""
        self._root = root

    def remember(self) -> None:
        """Add everything below the process that runs now."""
        processes = _running()
        children: dict[int, list[int]] = {}
        for pid, (parent, _) in processes.items():
            children.setdefault(parent, []).append(pid)
        waiting = [self._root, *self._alive(processes), *(pid for pid in processes if self._has_tag(pid))]
        seen: set[int] = set()
        while waiting:
            pid = waiting.pop()
            if pid not in seen:
                seen.add(pid)
                waiting.extend(children.get(pid, ()))
        seen -= {self._root, os.getpid()}
        self._known.update({pid: processes[pid][1] for pid in seen if pid in processes})

    def alive(self) -> list[int]:
        """Ids of those that were remembered and still run."""
        return self._alive(_running()) if self._known else []

    def signal(self, signum: signal.Signals) -> list[int]:
        """Remember what runs now, send it a signal, return the ids."""
        self.remember()
        pids = self.alive()
        for pid in pids:
            try:
                os.kill(pid, signum)
            except (ProcessLookupError, PermissionError):
                continue
        return pids

    async def end(self, *, grace: float) -> int:
        """SIGTERM for what still runs, SIGKILL after the seconds, at once if there are none; return how
        many.
        """
        found: set[int] = set()
        if grace > 0.0:
            found.update(self.signal(signal.SIGTERM))
            deadline = asyncio.get_running_loop().time() + grace
            while self.alive() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(_POLL_SECONDS)
        found.update(self.signal(signal.SIGKILL))
        return len(found)

    def _alive(self, processes: dict[int, tuple[int, int]]) -> list[int]:
        return [pid for pid, start in self._known.items() if pid in processes and processes[pid][1] == start]

    def _has_tag(self, pid: int) -> bool:
        try:
            return self._tag.encode() in (_PROC / str(pid) / "environ").read_bytes()
        except OSError:
            return False


def _running() -> dict[int, tuple[int, int]]:
    """Parent and start time, by process id; zombies have ended and are left out."""
    processes = {}
    for entry in _PROC.glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # The command, in parentheses, may hold anything; the fields after it are fixed (proc(5)).
        fields = text.rpartition(")")[2].split()
        if fields[0] not in ("Z", "X"):
            processes[int(entry.name)] = (int(fields[1]), int(fields[19]))
    return processes
