"""Who did what on the console: one line of JSON each, appended, readable by its user alone."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

# Letters of what others say that are kept in one entry.
_LONGEST = 500
# Bytes after which a new file is begun; the one before it is kept, older ones are not.
LARGEST = 1 << 24


class ActionLog:
    """Writes and never reads. A disk that takes nothing more is said, and stops nobody from stopping."""

    def __init__(self, path: Path, trouble: Callable[[str], object]) -> None:
        """trouble: is told once, in one sentence, when the file cannot be written."""
        self._path, self._trouble = path, trouble
        self._lock = threading.Lock()
        self._told = False

    def write(self, person: str, action: str, result: str, about: str = "") -> None:
        """Append one entry with the time of the day."""
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "person": person[:_LONGEST],
            "action": action,
            "result": result[:_LONGEST],
            "about": about[:_LONGEST],
        }
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    # after a disk that was full half a line may be there
                    wanted = b"\n" + line if self._told else line
                    if os.write(descriptor, wanted) < len(wanted):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    full = os.fstat(descriptor).st_size > LARGEST
                finally:
                    os.close(descriptor)
                if full:
                    self._path.replace(self._path.with_suffix(f".1{self._path.suffix}"))
                self._told = False
            except OSError as error:
                if not self._told:
                    self._told = True
                    self._trouble(
                        f"{self._path}: what is done on the console is not recorded: {error.strerror}"
                    )
