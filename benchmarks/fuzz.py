"""Protocol fuzz-2: hostile inputs to everything that reads files, command lines and messages.

Inputs are made by hypothesis from a seed. Each is taken, or refused with one sentence; a traceback, more
than 20 s, an exit code other than 2, or a world with fewer obstacles than the message is a failure, of which
the smallest input is kept. Groups: files (YAML, JSON), command lines (with variables), messages, all in one
process, and the running cell: a whole simulated cell, stopped, which gets messages on all its topics but the
clock, requests to all its services but the reset, goals to all its actions and controllers, numbers that are
none for its parameters, and transitions that its nodes do not have. There a traceback, a process that ends,
or an arm that moves by more than 0.005 rad is a failure; in the end it is told how far the arm moves when a
stranger's goal comes to its controller or somebody forges the stop node's permission, and after a reset the
cell has to pick and place a part.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

import _fuzz_cell
from lab_evaluation.fuzzing import command_lines, files, ros_messages
from lab_evaluation.fuzzing.campaign import Findings, campaign, for_minutes

GROUPS = ["files", "command lines", "messages", _fuzz_cell.GROUP]
CASE = Path(__file__).resolve().parent.parent / "test" / "cases" / "part_taken_away"


def arguments() -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="lab bench fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, metavar="M", help="wall time; 3")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides every input; 1")
    parser.add_argument(
        "--group", action="append", metavar="NAME", choices=GROUPS, help=f"{', '.join(GROUPS)}; all"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="figures and failures as JSON")
    options = parser.parse_args()
    options.group = options.group or GROUPS
    if not 0.0 < options.minutes <= 24 * 60:
        parser.error(f"--minutes {options.minutes:g}: expected up to a day")
    return options


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
    trouble, moved = "", dict[str, float]()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lab_fuzz_"))
        targets = [*files.targets(Path(folder), CASE), *command_lines.targets(), *ros_messages.targets()]
        targets = [target for target in targets if target.group in options.group]
        cell = None
        if _fuzz_cell.GROUP in options.group:
            cell = stack.enter_context(_fuzz_cell.stopped_cell(options.seed))
            targets += cell.targets()
        found = campaign(targets, options.seed, for_minutes(options.minutes))
        if cell is not None:
            moved = {name: measure(cell) for name, measure in _fuzz_cell.MEASURES.items()}
            trouble = cell.works()
    show(found, console)
    for name, radians in moved.items():
        console.print(f"{name} moved the stopped arm by {radians:.4f} rad")
    if moved:
        console.print(trouble or "after the reset the cell picked and placed a part")
    inputs = sum(findings.inputs for findings in found.values())
    failures = sum(len(findings.failures) for findings in found.values())
    took = time.monotonic() - start
    console.print(f"{inputs} inputs, {failures} failures, seed {options.seed}, {took:.0f} s")
    if options.out is not None:
        content = {
            "protocol": "fuzz-2",
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
    return 1 if failures or trouble else 0


if __name__ == "__main__":
    sys.exit(main())
