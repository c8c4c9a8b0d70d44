"""Processes of a launch."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """started: seconds of time.CLOCK_BOOTTIME."""

    pid: int
    started: float


def child_of(parent: int, node: str) -> Process | None:
    """The process of a ROS node, by its name, that the process `parent` has started; None: there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # behind the name, which may hold anything: state, parent, ...; proc(5) counts the name as second
            fields = (folder / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()
            if int(fields[1]) == parent and f"__node:={node}" in _words(folder):
                return Process(int(folder.name), int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    return None


def _words(folder: Path) -> list[str]:
    return (folder / "cmdline").read_text(errors="replace").split("\0")
