"""Protocol fuzz-1: hostile inputs to everything that reads files, command lines and messages, in one process.

Inputs are made by hypothesis from a seed. Each is taken, or refused with one sentence; a traceback, more than
20 s, an exit code other than 2, or a world with fewer obstacles than the message is a failure, of which the
smallest input is kept. Groups: files (YAML, JSON), command lines (with variables), messages.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lab_evaluation.fuzzing import command_lines, files, ros_messages
from lab_evaluation.fuzzing.campaign import Findings, campaign, for_minutes

CASE = Path(__file__).resolve().parent.parent / "test" / "cases" / "part_taken_away"


def arguments() -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="lab bench fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, metavar="M", help="wall time; 3")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides every input; 1")
    parser.add_argument(
        "--group", action="append", metavar="NAME", help="files, command lines, messages; all"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="figures and failures as JSON")
    options = parser.parse_args()
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
    with tempfile.TemporaryDirectory(prefix="lab_fuzz_") as folder:
        targets = [*files.targets(Path(folder), CASE), *command_lines.targets(), *ros_messages.targets()]
        if options.group:
            targets = [target for target in targets if target.group in options.group]
        found = campaign(targets, options.seed, for_minutes(options.minutes))
    show(found, console)
    inputs = sum(findings.inputs for findings in found.values())
    failures = sum(len(findings.failures) for findings in found.values())
    took = time.monotonic() - start
    console.print(f"{inputs} inputs, {failures} failures, seed {options.seed}, {took:.0f} s")
    if options.out is not None:
        content = {
            "protocol": "fuzz-1",
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
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
