"""What came of injected faults: kept, summed up, shown."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pick_and_place import wilson
from rich.console import Console
from rich.table import Table

ENDING = ("simulator", "stop")
"""Nodes whose death ends the cell, by design."""


@dataclass
class Trial:
    """What came of one fault; seconds of the wall."""

    fault: str
    subject: str
    step: str
    outcome: str = ""
    hung: bool = False
    ended_by_design: bool = False
    placed: int = 0
    false_success: int = 0
    unbalanced: bool = False
    recovered: bool = False
    recovery_seconds: float | None = None


Weight = tuple[int, dict[str, int]]
"""Parts placed, and the bytes of each process then."""
WARM_UP, WINDOW = 100, 25
"""Picks until the recorder's ring and the pools of allocators are full, and weighings that are averaged."""


@dataclass
class Results:
    """What is written to a file. cells: that were started. weights: parts placed and bytes by process, in the
    soak.
    """

    path: Path | None
    seed: int
    protocol: str
    cells: int = 0
    trials: list[Trial] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path | None, seed: int, protocol: str) -> Results:
        """What a file holds that is there, else nothing. Raises ValueError when it is of another seed."""
        if path is None or not path.exists():
            return cls(path, seed, protocol)
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["seed"] != seed:
            raise ValueError(f"{path} holds trials of seed {content['seed']}: give --seed, or another file")
        trials = [Trial(**trial) for trial in content["trials"]]
        return cls(path, seed, protocol, content["cells"], trials, [tuple(w) for w in content["soak"]])

    def add(self, trial: Trial) -> None:
        """Enter a trial."""
        self.trials.append(trial)
        self.write()

    @property
    def soaked(self) -> int:
        """Parts that the soak has placed."""
        return self.weights[-1][0] if self.weights else 0

    def weigh(self, placed: int, memory: dict[str, int]) -> None:
        """Enter how many parts the soak has placed, and the bytes of each process then."""
        self.weights.append((placed, memory))
        self.write()

    def write(self) -> None:
        """To the file, if there is one."""
        if self.path is None:
            return
        content = {
            "protocol": self.protocol,
            "seed": self.seed,
            "cells": self.cells,
            **summary(self.trials, self.weights),
            "trials": [asdict(trial) for trial in self.trials],
            "soak": self.weights,
        }
        self.path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def summary(trials: list[Trial], weights: list[Weight]) -> dict[str, Any]:
    """Figures over all trials."""
    allowed = [t for t in trials if not (t.fault == "kill" and t.subject in ENDING)]
    recovered = sum(t.recovered for t in allowed)
    times = sorted(t.recovery_seconds for t in trials if t.recovery_seconds is not None)
    return {
        "faults": len(trials),
        "hung": sum(t.hung for t in trials),
        "false_successes": sum(t.false_success for t in trials),
        "unbalanced": sum(t.unbalanced for t in trials),
        "recovery_allowed": len(allowed),
        "recovered": recovered,
        "recovered_ci95": wilson(recovered, len(allowed)),
        "ended_by_design": sum(t.ended_by_design for t in trials),
        "recovery_seconds_median": float(np.median(times)) if times else None,
        "recovery_seconds_largest": times[-1] if times else None,
        "soak_placed": weights[-1][0] if weights else 0,
        "soak_memory_mb": [round(sum(w.values()) / 1e6) for _, w in weights[:: max(1, len(weights) // 20)]],
        **growth(weights),
    }


def growth(weights: list[Weight]) -> dict[str, Any]:
    """By which share memory grew after the warm-up of a soak, and by how many MB in each process; None and
    nothing for a soak that is too short to say.
    """
    warm = [weight for placed, weight in weights if placed > WARM_UP]
    if len(warm) < 2 * WINDOW:
        return {"soak_growth": None, "soak_growth_mb": {}}
    first, last = (
        {name: float(np.mean([weight.get(name, 0) for weight in part])) for name in warm[-1]}
        for part in (warm[:WINDOW], warm[-WINDOW:])
    )
    return {
        "soak_growth": sum(last.values()) / sum(first.values()) - 1.0,
        "soak_growth_mb": {name: round((last[name] - first[name]) / 1e6, 1) for name in last},
    }


def show(trials: list[Trial], figures: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    table = Table(title="faults")
    for heading in ("fault", "subject", "trials", "recovered", "median s", "largest s"):
        table.add_column(heading, justify="right")
    kinds: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        kinds[trial.fault, trial.subject].append(trial)
    for (fault, subject), group in sorted(kinds.items()):
        times = [t.recovery_seconds for t in group if t.recovery_seconds is not None]
        middle = f"{np.median(times):.0f}" if times else ""
        largest = f"{max(times):.0f}" if times else ""
        table.add_row(fault, subject, str(len(group)), str(sum(t.recovered for t in group)), middle, largest)
    console.print(table)
    console.print({key: value for key, value in figures.items() if key != "soak_memory_mb"})
