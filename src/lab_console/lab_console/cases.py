"""Failed picks that the recorder saved beside a run: which attempt is in which folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from lab_console.run_record import AttemptRecord

LARGEST = 1 << 20
"""Bytes of a case.json that is read."""


def with_cases(attempts: Sequence[AttemptRecord], run: Path) -> list[AttemptRecord]:
    """The attempts of a run, each with the folder of its case where there is one."""
    free = {folder: _about(folder) for folder in sorted((run / "cases").glob("*/"))}
    found = []
    for attempt in attempts:
        about = (attempt.number_in_task, attempt.object_id, attempt.outcome)
        folder = next((folder for folder, words in free.items() if words == about), None)
        if folder is not None:
            del free[folder]
            attempt = dataclasses.replace(attempt, case=f"cases/{folder.name}")
        found.append(attempt)
    return found


def _about(folder: Path) -> tuple[int, str, str] | None:
    path = folder / "case.json"
    try:
        if path.stat().st_size > LARGEST:
            return None
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts["attempt"], facts["object_id"], facts["outcome"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
