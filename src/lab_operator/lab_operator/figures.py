"""Figures by the hour, from the records of finished runs."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab_core.errors import ConfigurationError
from lab_node.bounded_file import read_bounded_text

# Of a run.json that is read.
LARGEST = 1 << 24


@dataclass(frozen=True, slots=True)
class Pick:
    """One attempt of a finished run. hour: in which it ended, local time; seconds: of the cell's clock."""

    hour: datetime
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of one hour. cycle: mean seconds of the attempts that placed a part; 0 where none did."""

    hour: datetime
    attempts: int
    placed: int
    cycle: float
    failures: tuple[tuple[str, int], ...]

    @property
    def success(self) -> float:
        """Share of the attempts that placed a part, 0..1."""
        return self.placed / self.attempts


def picks_in(folder: Path) -> list[Pick]:
    """The attempts of every run.json below a folder of runs; a record that cannot be read is left out."""
    found: list[Pick] = []
    for path in sorted(folder.glob("*/run.json")):
        try:
            ended = datetime.fromtimestamp(path.stat().st_mtime)
            record = json.loads(read_bounded_text(path, LARGEST))
            hour = ended.replace(minute=0, second=0, microsecond=0)
            found += [_pick(each, hour) for each in record["picks"]]
        except (OSError, ValueError, KeyError, TypeError, ConfigurationError):
            continue
    return found


def by_hour(picks: Iterable[Pick]) -> list[Hour]:
    """The newest hour first."""
    hours: dict[datetime, list[Pick]] = defaultdict(list)
    for pick in picks:
        hours[pick.hour].append(pick)
    return [_hour(hour, hours[hour]) for hour in sorted(hours, reverse=True)]


def _pick(each: Any, hour: datetime) -> Pick:
    return Pick(hour, str(each["outcome"]), float(each["end"]) - float(each["start"]))


def _hour(hour: datetime, picks: list[Pick]) -> Hour:
    placed = [pick.seconds for pick in picks if pick.outcome == "SUCCESS"]
    failures = Counter(pick.outcome for pick in picks if pick.outcome != "SUCCESS")
    cycle = sum(placed) / len(placed) if placed else 0.0
    return Hour(hour, len(picks), len(placed), cycle, tuple(failures.most_common()))
