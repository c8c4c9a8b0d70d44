"""Planners on the same problems: how many they solve, how long it takes, how long the motions are.

Protocol lab-planning-problems-1: problems of MotionBenchMaker for the Panda, from a folder of the user, every
N-th of each set. The Panda is the FR3 of this stack with other ranges, alone in the world (panda.yaml); a
cylinder is the box around it; nothing is padded, and the margin is the default. Problems with an end
that touches something in this world, or is out of range, are counted and not planned. Each planner gets each
problem in turn, with the same seed: scene and joint goal through the port, inclusive of building its worlds.
Every trajectory is judged by lab_motion.testing.world, which shares no code with the planners: overlaps at
steps of 0.01 rad count as invalid. CPU time is that of the whole process, all threads, after a first plan.
"""

from __future__ import annotations

import json
import logging
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _panda import load_panda
from _problem_sets import Problem, read_problems
from lab_description import Cell
from lab_motion.errors import MotionError
from lab_motion.planning.port import PLANNERS, Contacts, MotionOptions, MotionPlanner
from lab_motion.testing.world import ContractWorld


@dataclass
class Answers:
    """Of one planner on one set of problems.

    cpu: seconds of every problem. motion: seconds of each that was solved. failures, invalid: sentences.
    """

    cpu: list[float] = field(default_factory=list)
    motion: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    def add(self, other: Answers) -> None:
        """Counts the answers of another set too."""
        self.cpu += other.cpu
        self.motion += other.motion
        self.failures += other.failures
        self.invalid += other.invalid

    def figures(self) -> dict[str, Any]:
        """For a file."""
        times = [float(1e3 * np.percentile(self.cpu, p)) for p in (50, 95)] if self.cpu else [None, None]
        return {
            "problems": len(self.cpu),
            "solved": len(self.motion),
            "invalid": self.invalid,
            "failures": self.failures,
            "cpu_ms": {"p50": times[0], "p95": times[1]},
            "motion_s": {"p50": float(np.median(self.motion)) if self.motion else None},
        }


def run(folder: Path, names: Sequence[str], every: int, seed: int, out: Path | None) -> None:
    """Carries out the protocol and prints a table.

    Raises ConfigurationError for a folder without problems, or a planner that is not there.
    """
    console = Console()
    logging.getLogger("lab_description.stored_pairs").setLevel(logging.ERROR)  # this cell stores none
    with tempfile.TemporaryDirectory() as place:
        cell = load_panda(Path(place))
        world = ContractWorld(cell)
        problems: list[Problem] = []
        numbers: dict[str, int] = {}
        unusable = 0
        for problem in read_problems(folder, cell):
            numbers[problem.set] = numbers.get(problem.set, -1) + 1
            if numbers[problem.set] % every:
                continue
            if usable(problem, cell, world):
                problems.append(problem)
            else:
                unusable += 1
        planners = {name: make(name, cell) for name in names}
        answers: dict[str, dict[str, Answers]] = {
            name: {problem.set: Answers() for problem in problems} for name in names
        }
        for planner in planners.values():
            ask(planner, problems[0], seed, world, Answers())
        for problem in track(problems, "problems", console=console, transient=True):
            for name, planner in planners.items():
                ask(planner, problem, seed, world, answers[name][problem.set])
        for planner in planners.values():
            planner.close()
    for name in names:
        together = Answers()
        for one in answers[name].values():
            together.add(one)
        answers[name]["all"] = together
    console.print(as_table(answers, f"lab-planning-problems-1, every {every}. problem, seed {seed}"))
    console.print(f"{unusable} more problems have an end that is not free in this world")
    for name in names:
        for sentence in answers[name]["all"].invalid:
            console.print(f"{name}: {sentence}")
    if out:
        report = {
            "benchmark": "motion_planning",
            "protocol": " ".join((__doc__ or "").split("Protocol ")[1].split()),
            "every": every,
            "seed": seed,
            "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
            "unusable": unusable,
            "results": {
                name: {key: one.figures() for key, one in sets.items()} for name, sets in answers.items()
            },
        }
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        console.print(f"written to {out}")


def make(name: str, cell: Cell) -> MotionPlanner:
    """A planner by its registered name, which pads nothing."""
    return PLANNERS.make(name, cell, given={f"{name}.padding": 0.0}).plugin


def usable(problem: Problem, cell: Cell, world: ContractWorld) -> bool:
    """Whether both ends are inside the ranges and touch nothing."""
    world.set_scene(problem.scene, Contacts())
    ends = np.stack([problem.start, problem.goal])
    inside = np.all((ends >= cell.robot.position_lower) & (ends <= cell.robot.position_upper))
    return bool(inside) and all(world.distance(end)[0] > 0.0 for end in ends)


def ask(planner: MotionPlanner, problem: Problem, seed: int, world: ContractWorld, answers: Answers) -> None:
    """Lets a planner solve a problem, and judges what it says."""
    name = f"{problem.set} {problem.name}"
    began = time.process_time()
    try:
        planner.update_scene(problem.scene)
        trajectory = planner.plan_joint(problem.start, problem.goal, MotionOptions(seed=seed))
    except MotionError as error:
        answers.failures.append(f"{name}: {error}")
        return
    finally:
        answers.cpu.append(time.process_time() - began)
    answers.motion.append(trajectory.duration)
    world.set_scene(problem.scene, Contacts())
    overlap = world.overlap(trajectory)
    ends = np.abs(trajectory.positions[[0, -1]] - np.stack([problem.start, problem.goal])).max()
    if overlap or ends > 1e-3:
        answers.invalid.append(f"{name}: {overlap or 'does not end where it should'}")


def as_table(answers: dict[str, dict[str, Answers]], title: str) -> Table:
    """The figures for a person."""
    table = Table(title=title)
    for heading in ("set", "planner", "solved", "invalid", "CPU p50 ms", "p95", "motion p50 s"):
        table.add_column(heading, justify="left" if heading in ("set", "planner") else "right")
    for group in next(iter(answers.values())):
        for name, sets in answers.items():
            row = sets[group].figures()
            table.add_row(
                group,
                name,
                f"{row['solved']} of {row['problems']}",
                str(len(row["invalid"])),
                *(f"{row['cpu_ms'][p]:.0f}" for p in ("p50", "p95")),
                f"{row['motion_s']['p50']:.2f}" if row["solved"] else "",
            )
    return table
