"""Protocol fuzz-3: hostile inputs to everything that enters a cell.

Inputs are made by hypothesis from a seed. Each is taken, or refused with one sentence; a traceback, more
than 60 s, an exit code other than 2, or a world with fewer obstacles than the message is a failure, of
which the smallest input is kept. Groups, all in this process: files (YAML, JSON); meshes; recordings (with
cases and transport profiles); command lines (with variables); messages. Group terminals: keys in bursts and
windows of any size, programs of ./lab with a closed pipe, a full disk, a read-only or hostile folder and
signals at any time, and whole runs of ./lab demo that are interrupted in every way, also by SIGKILL of each
parent; a process or a file that should not be there is a failure too. Group running cell: a whole simulated
cell, stopped, which gets messages on all its topics but the clock, requests to all its services but the
reset, goals to all its actions and controllers, numbers that are none for its parameters, and transitions
that its nodes do not have. There a traceback, a process that ends, or an arm that moves by more than 0.005
rad is a failure; in the end it is told how far the arm moves when a stranger's goal comes to its controller
or somebody forges the stop node's permission, and after a reset the cell has to pick and place a part. The
stop key: ./lab watch in a terminal is given a burst of keys with an s in it while the arm moves; told are
the wall's seconds until the arm stands.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

import _fuzz_cell
import _fuzz_keys
import _fuzz_programs
import _fuzz_runs
from _cell_run import ROOT
from lab_evaluation.fuzzing import command_lines, files, meshes, recordings, ros_messages, terminals
from lab_evaluation.fuzzing.campaign import Findings, Target, campaign, for_minutes

GROUPS = [
    "files",
    meshes.GROUP,
    recordings.GROUP,
    "command lines",
    "messages",
    terminals.GROUP,
    _fuzz_cell.GROUP,
]
CASE = ROOT / "test" / "cases" / "part_taken_away"
PROFILE = ROOT / "environment" / "fastdds.xml"


def arguments() -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="lab bench fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, metavar="M", help="wall time; 3")
    parser.add_argument("--inputs", type=int, metavar="N", help="so many, in place of --minutes")
    parser.add_argument(
        "--presses", type=int, default=20, metavar="N", help="of the stop key in the running cell; 20"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides every input; 1")
    parser.add_argument(
        "--group", action="append", metavar="NAME", choices=GROUPS, help=f"{', '.join(GROUPS)}; all"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="figures and failures as JSON")
    options = parser.parse_args()
    options.group = options.group or GROUPS
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


def show(found: dict[str, Findings], console: Console) -> None:
    """A row for each target, and the failures."""
    table = Table("target", "inputs", "refused", "failures")
    for name, findings in found.items():
        table.add_row(name, str(findings.inputs), str(findings.refused), str(len(findings.failures)))
    console.print(table)
    for name, findings in found.items():
        for kind, (value, words) in findings.failures.items():
            console.print(f"{name}: {kind}: {words}\n  smallest input: {value}", highlight=False)


def main() -> int:
    """Exit code 0 without failures."""
    options = arguments()
    console, start = Console(markup=False, emoji=False), time.monotonic()
    trouble, moved, presses = "", dict[str, float](), list[float]()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab_fuzz_")))
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # what hostile meshes become is nobody else's
        targets = made(folder, stack, options.group)
        cell = None
        if _fuzz_cell.GROUP in options.group:
            cell = stack.enter_context(_fuzz_cell.stopped_cell(options.seed))
            targets += cell.targets()
        inputs = options.inputs
        goes_on = (lambda total: total.inputs < inputs) if inputs else for_minutes(options.minutes)
        found = campaign(targets, options.seed, goes_on)
        if cell is not None:
            moved = {name: measure(cell) for name, measure in _fuzz_cell.MEASURES.items()}
            trouble = cell.works()
            presses = [] if trouble else _fuzz_keys.stop_seconds(cell.client, options.presses, options.seed)
    show(found, console)
    for name, radians in moved.items():
        console.print(f"{name} moved the stopped arm by {radians:.4f} rad")
    if moved:
        console.print(trouble or "after the reset the cell picked and placed a part")
    if presses:
        console.print(
            f"the stop key, {len(presses)} times: the arm stood within {max(presses):.3f} s, median"
            f" {median(presses):.3f} s, limit {_fuzz_keys.LIMIT} s"
        )
    inputs = sum(findings.inputs for findings in found.values())
    failures = sum(len(findings.failures) for findings in found.values())
    took = time.monotonic() - start
    console.print(f"{inputs} inputs, {failures} failures, seed {options.seed}, {took:.0f} s")
    if options.out is not None:
        content = {
            "protocol": "fuzz-3",
            "stop_key_seconds": presses,
            "moved_while_stopped_rad": moved,
            "after_the_reset": trouble,
            "seed": options.seed,
            "inputs": inputs,
            "targets": {
                name: {
                    "inputs": findings.inputs,
                    "refused": findings.refused,
                    "failures": [
                        {"kind": kind, "input": value, "said": words}
                        for kind, (value, words) in findings.failures.items()
                    ],
                }
                for name, findings in found.items()
            },
        }
        options.out.write_text(json.dumps(content, indent=1), encoding="utf-8")
    late = any(seconds > _fuzz_keys.LIMIT for seconds in presses)
    moving = any(radians > _fuzz_cell.MAY_MOVE for radians in moved.values())
    return 1 if failures or trouble or late or moving else 0


if __name__ == "__main__":
    sys.exit(main())
