"""Hostile inputs to everything that enters a cell, in one run.

Protocol fuzz-4: inputs are made by hypothesis from a seed. Each is taken, or refused with one sentence; a
traceback, more than a minute beside what such an input takes, an exit code other than 2, or a world with
fewer obstacles than the message is a failure, of which the smallest input is kept. Of all inputs a fifth each
goes to five kinds. Messages: 12 % in this process, 8 % to all topics but the clock, all services but the
reset, all actions, parameters and lifecycles of a running, stopped cell, one by one, single and in floods of
300; there a traceback, a process that ends, or an arm that moves by more than 0.005 rad is a failure. Files:
YAML and JSON. Meshes and recordings, a tenth each: also cases and transport profiles; 1 % of all inputs
are whole meshes, 0.5 % folders of meshes and 0.5 % replays. Command lines: with variables. Terminals: keys in
bursts and windows of any size; 1 % are programs of ./lab with a closed pipe, a full disk, a read-only or
hostile folder and signals at any time, 0.12 % whole runs of ./lab demo that are interrupted in every way,
also by SIGKILL of each parent; a process or a file that should not be there is a failure too. In the end it
is told how far the stopped arm moves when a stranger's goal comes to its controller or somebody forges the
stop node's permission; after a reset the cell has to pick and place a part. The stop key: ./lab watch in a
terminal is given a burst of keys with an s in it while the arm moves; told are the wall's seconds until the
arm stands. An input may want 4 GiB of memory, and this process may come to hold 6 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import _fuzz_cell
import _fuzz_keys
import _fuzz_programs
import _fuzz_runs
from _cell_run import ROOT
from _fuzz_table import Cell, as_json, by_group, show
from lab_evaluation.fuzzing import command_lines, files, meshes, recordings, ros_messages, terminals
from lab_evaluation.fuzzing.campaign import campaign
from lab_evaluation.fuzzing.findings import Findings, Wrong
from lab_evaluation.fuzzing.target import Target

# Of all inputs; what slow targets are given of it is said where they are made.
GROUPS = {
    "files": 0.2,
    meshes.GROUP: 0.1,
    recordings.GROUP: 0.1,
    "command lines": 0.2,
    "messages": 0.12,
    terminals.GROUP: 0.2,
    _fuzz_cell.GROUP: 0.08,
}
# Without --inputs so many are given again and again, until the time is over.
ROUND = 1000
# The part of the time that is kept for the running cell.
CELL_TIME = 0.2
CASE = ROOT / "test" / "cases" / "part_taken_away"
PROFILE = ROOT / "environment" / "fastdds.xml"


def arguments() -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="lab bench fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--minutes", type=float, metavar="M", help="of the wall at most for the inputs; 3, 60 with --inputs"
    )
    parser.add_argument("--inputs", type=int, metavar="N", help="in all; as many as the time allows")
    parser.add_argument(
        "--presses", type=int, default=20, metavar="N", help="of the stop key in the running cell; 20"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides every input; 1")
    parser.add_argument(
        "--group", action="append", metavar="NAME", choices=list(GROUPS), help=f"{', '.join(GROUPS)}; all"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="figures and failures as JSON")
    options = parser.parse_args()
    options.group = list(dict.fromkeys(options.group or GROUPS))
    options.minutes = options.minutes or (60.0 if options.inputs else 3.0)
    if not 0.0 < options.minutes <= 24 * 60:
        parser.error(f"--minutes {options.minutes:g}: expected up to a day")
    if options.presses < 0 or (options.inputs is not None and options.inputs < 1):
        parser.error("--inputs and --presses are numbers of inputs")
    return options


def made(folder: Path, stack: ExitStack, groups: list[str]) -> list[Target]:
    """The targets of these groups but those of the running cell."""
    for name in ("files", "recordings", "programs"):
        (folder / name).mkdir()
    targets = [
        *files.targets(folder / "files", CASE),
        *recordings.targets(folder / "recordings", CASE, PROFILE),
        *command_lines.targets(),
        *ros_messages.targets(),
        *terminals.targets(folder),
        *_fuzz_programs.targets(folder / "programs"),
        *_fuzz_runs.targets(folder / "programs"),
    ]
    if meshes.GROUP in groups:
        targets += meshes.targets(folder, stack)
    return [target for target in targets if target.group in groups]


class Course:
    """Gives inputs to targets, shows how far it is, and knows when the time is over."""

    def __init__(self, options: argparse.Namespace, bars: Progress) -> None:
        self._options, self._bars = options, bars
        self._left, self._share = options.inputs or ROUND, sum(GROUPS[group] for group in options.group)
        self._begun = time.monotonic()
        self.targets: list[Target] = []
        self.found: dict[str, Findings] = {}

    def run(self, targets: Sequence[Target], time_part: float) -> None:
        """Their share of the inputs, until that part of all the time is over."""
        self.targets += targets
        end = self._begun + 60.0 * self._options.minutes * time_part
        groups = list(dict.fromkeys(target.group for target in targets))
        share = sum(GROUPS[group] for group in groups)
        inputs = round(self._left * share / self._share)
        self._left, self._share = self._left - inputs, self._share - share
        bars = {
            group: self._bars.add_task(
                group,
                total=round(inputs * GROUPS[group] / share) if self._options.inputs else None,
                name="",
            )
            for group in groups
        }
        given = dict.fromkeys((target.name for target in targets), 0)

        def done(target: Target, findings: Findings) -> None:
            new, given[target.name] = findings.inputs - given[target.name], findings.inputs
            self._bars.update(bars[target.group], advance=new, name=target.name)

        campaign(targets, self._options.seed, inputs, GROUPS, self.found, end, done)
        number = self._options.seed
        while not self._options.inputs and time.monotonic() < end:
            number += 1
            campaign(targets, number, inputs, GROUPS, self.found, end, done)


def measured(cell: _fuzz_cell.StoppedCell, options: argparse.Namespace) -> Cell:
    """What the cell does after all of it."""
    figures = Cell({name: measure(cell) for name, measure in _fuzz_cell.MEASURES.items()}, cell.works())
    if not figures.trouble:
        try:
            _fuzz_keys.press(cell.client, options.presses, options.seed, figures.presses)
        except Wrong as error:
            figures.lost = str(error)
    return figures


def main() -> int:
    """Exit code 0 when all inputs were given and nothing was found."""
    options = arguments()
    terminals.heed_signals()
    console, start = Console(markup=False, emoji=False, file=sys.stdout), time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # what a target says is its own: nothing of it is caught for this terminal
    bars = Progress(
        *columns, TextColumn("{task.fields[name]}"), console=console, redirect_stdout=False,
        redirect_stderr=False, transient=True,
    )  # fmt: skip
    figures = Cell()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab_fuzz_")))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # what hostile meshes become is nobody else's
        with_cell = _fuzz_cell.GROUP in options.group
        course = Course(options, stack.enter_context(bars))
        if targets := made(folder, stack, options.group):
            course.run(targets, 1.0 - CELL_TIME if with_cell else 1.0)
        if with_cell:
            try:
                cell = stack.enter_context(_fuzz_cell.stopped_cell(options.seed))
                course.run(list(cell.targets()), 1.0)
                figures = measured(cell, options)
            except Exception as error:  # whatever it is, what was found before it is told
                figures.trouble = f"the cell cannot be used: {type(error).__name__}: {error}"
    made_groups = by_group(course.targets, course.found)
    groups = {name: made_groups[name] for name in GROUPS if name in made_groups}
    show(groups, figures, console)
    inputs = sum(group.inputs for group in groups.values())
    failures = sum(len(group.failures) for group in groups.values())
    took, memory = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    console.print(
        f"{inputs} inputs, {failures} failures, seed {options.seed}, {took:.0f} s, {memory:.1f} GiB at most"
    )
    if missing := max(0, (options.inputs or 0) - inputs):
        console.print(f"the time was over before {missing} of {options.inputs} inputs: give more --minutes")
    if options.out is not None:
        content = {
            "protocol": "fuzz-4",
            "seed": options.seed,
            "inputs": inputs,
            "inputs_missing": missing,
            "failures": failures,
            "seconds": round(took, 1),
            "most_memory_gib": round(memory, 2),
            **as_json(groups, figures),
        }
        options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if failures or missing or figures.failed else 0


if __name__ == "__main__":
    sys.exit(main())
