"""Files that Fast DDS leaves in /dev/shm when processes of a domain are killed or end at the same moment.

`fastdds shm clean` removes most of them, but not a port that a sender made anew after its reader had gone: it
looks for lock files, and such a port has none.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

FOLDER = Path("/dev/shm")
SEGMENT = re.compile(r"fastrtps_[0-9a-f]{16}")
MAPPED = re.compile(rb"/dev/shm/(fastrtps_\w+)")
RECENT = 5.0
"""Seconds: a younger segment may belong to a process that has not mapped it yet."""


def ports_of(domain: int) -> list[str]:
    """Names of the ports that a domain can have: RTPS (section 9.6.1) gives each domain 250 from 7400 on."""
    return [f"fastrtps_port{7400 + 250 * domain + offset}" for offset in range(250)]


def remove_unused(domain: int) -> list[str]:
    """Remove this user's ports of a domain, and data segments, that no process uses any more; their names."""
    in_use = _mapped()
    segments = [path.name for path in FOLDER.glob("fastrtps_*") if SEGMENT.fullmatch(path.name)]
    unused = [name for name in ports_of(domain) if _is_ours(name) and name not in in_use]
    unused += [name for name in segments if _is_ours(name, older_than=RECENT) and name not in in_use]
    for name in unused:
        for file in (name, f"{name}_el", f"{name}_sl", f"sem.{name}_mutex"):
            with contextlib.suppress(OSError):
                (FOLDER / file).unlink()
    return unused


def _is_ours(name: str, older_than: float = 0.0) -> bool:
    try:
        status = (FOLDER / name).stat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and time.time() - status.st_ctime >= older_than


def _mapped() -> set[str]:
    """Names of the files of Fast DDS that some process has in its memory."""
    found: set[str] = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            found.update(name.decode() for name in MAPPED.findall(maps.read_bytes()))
    return found
