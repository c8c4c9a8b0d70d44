"""What came of injected faults: kept, summed up, shown."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from pick_and_place import wilson

BY_DESIGN = (("kill", "simulator"), ("kill", "stop"))
"""Faults that end the cell, as they should."""
STAND, LEAST_RECOVERY, MOST_GROWTH = 0.2, 0.95, 0.02
"""Seconds of the cell's clock from a stop until the arm stands; shares of trials and of memory."""
STANDS = 0.01
"""What a joint that stands may move, radians: the noise of the drives."""


@dataclass
class Trial:
    """What came of one fault; seconds of the wall.

    by_design: it is to end the cell. asks: how often the cell was asked from the fault on. denied: what the
    simulator denies of the books. operator: somebody had to act; then seconds_until_still, of the cell's
    clock, from the stop on, and moved_while_stopped, radians of a joint.
    """

    fault: str
    subject: str
    step: str
    by_design: bool = False
    outcome: str = ""
    hung: bool = False
    ended_by_design: bool = False
    asks: int = 0
    placed: int = 0
    false_success: int = 0
    denied: str = ""
    recovered: bool = False
    recovery_seconds: float | None = None
    operator: bool = False
    seconds_until_still: float | None = None
    moved_while_stopped: float | None = None


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
    alone = [t for t in trials if not t.by_design and not t.operator]
    stopped = [t for t in trials if t.operator]
    recovered, at_once = sum(t.recovered for t in alone), sum(t.recovered and t.asks == 1 for t in alone)
    times = sorted(t.recovery_seconds for t in trials if t.recovery_seconds is not None)
    return {
        "faults": len(trials),
        "hung": sum(t.hung for t in trials),
        "false_successes": sum(t.false_success for t in trials),
        "books_denied": sum(bool(t.denied) for t in trials),
        "recovery_allowed": len(alone),
        "recovered": recovered,
        "recovered_ci95": wilson(recovered, len(alone)),
        "recovered_in_first_ask": at_once,
        "recovered_in_first_ask_ci95": wilson(at_once, len(alone)),
        "stopped": len(stopped),
        "stopped_recovered_after_reset": sum(t.recovered for t in stopped),
        "stopped_seconds_until_still_largest": max(
            (t.seconds_until_still for t in stopped if t.seconds_until_still is not None), default=None
        ),
        "stopped_not_well": sum(not stood(t) for t in stopped),
        "should_end": sum(t.by_design for t in trials),
        "ended_by_design": sum(t.ended_by_design for t in trials),
        "recovery_seconds_median": float(np.median(times)) if times else None,
        "recovery_seconds_largest": times[-1] if times else None,
        "soak_placed": weights[-1][0] if weights else 0,
        "soak_memory_mb": [round(sum(w.values()) / 1e6) for _, w in weights[:: max(1, len(weights) // 20)]],
        **growth(weights),
    }


def stood(trial: Trial) -> bool:
    """Whether the arm stood in time after a stop, and until its reset."""
    if trial.seconds_until_still is None or trial.moved_while_stopped is None:
        return False
    return trial.seconds_until_still <= STAND and trial.moved_while_stopped <= STANDS


def failed(figures: dict[str, Any]) -> list[str]:
    """What a cell that can be trusted would not have, in words."""
    reasons = [
        f"{figures[key]} {words}"
        for key, words in (
            ("hung", "trials hung"),
            ("false_successes", "parts were called placed and are in no destination"),
            ("books_denied", "times the simulator denies the books"),
            ("stopped_not_well", "times the arm did not stand in time, or moved before the reset"),
        )
        if figures[key]
    ]
    allowed, growth = figures["recovery_allowed"], figures["soak_growth"]
    if allowed and figures["recovered"] < LEAST_RECOVERY * allowed:
        reasons.append(f"only {figures['recovered']} of {allowed} trials recovered")
    if figures["ended_by_design"] < figures["should_end"]:
        reasons.append("a cell went on without its simulator or its stop node")
    if growth is not None and growth > MOST_GROWTH:
        reasons.append(f"memory grew by {100.0 * growth:.1f} %")
    return reasons


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
    for heading in ("fault", "subject", "trials", "recovered", "in first ask", "median s", "largest s"):
        table.add_column(heading, justify="right")
    kinds: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        kinds[trial.fault, trial.subject].append(trial)
    for (fault, subject), group in sorted(kinds.items()):
        times = [t.recovery_seconds for t in group if t.recovery_seconds is not None]
        middle = f"{np.median(times):.0f}" if times else ""
        largest = f"{max(times):.0f}" if times else ""
        counts = (
            len(group),
            sum(t.recovered for t in group),
            sum(t.recovered and t.asks == 1 for t in group),
        )
        table.add_row(fault, subject, *map(str, counts), middle, largest)
    console.print(table)
    console.print({key: value for key, value in figures.items() if key != "soak_memory_mb"})
