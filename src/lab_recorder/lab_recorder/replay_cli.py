"""`lab replay CASE`: what would differ today."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab_core.command_line import file_path
from lab_core.errors import LabError
from lab_recorder.case import Case, load_case
from lab_recorder.replay import Comparison, accept, replay
from lab_recorder.versions import versions

SAME, DIFFERS, WRONG_USAGE = 0, 1, 2


def show(case: Case, comparisons: Sequence[Comparison], console: Console) -> None:
    """A table of all that was compared."""
    facts = case.facts
    console.print(
        f"attempt {facts.attempt} on {facts.object_id}: {facts.outcome} {facts.message}", highlight=False
    )
    table = Table()
    for column in ("stage", "what", "in the run", "today", "difference", ""):
        table.add_column(column, overflow="fold")
    for item in comparisons:
        number = "" if item.difference is None else f"{item.difference:.2g} of {item.tolerance:g} {item.unit}"
        verdict = Text("same", style="green") if item.same else Text("differs", style="red")
        table.add_row(item.stage, item.what, item.then, item.now, number, verdict)
    console.print(table)
    today = versions()
    changed = [
        f"{name} {then} → {today.get(name, 'none')}"
        for name, then in facts.versions.items()
        if today.get(name) != then
    ]
    if changed:
        console.print(f"since then: {', '.join(changed)}", highlight=False)
    differ = sum(not item.same for item in comparisons)
    console.print(f"{differ} of {len(comparisons)} differ" if differ else "the same as in the run")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when today answers the same, 1 when something differs, 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="lab replay", description="Run perception, grasping and planning again on a failed pick."
    )
    parser.add_argument("case", type=file_path, help="folder of a case: runs/<time>/cases/NNN")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="write the comparison there too")
    parser.add_argument(
        "--accept", action="store_true", help="write today's answers into the case as what is expected"
    )
    options = parser.parse_args(sys.argv[1:] if argv is None else argv)
    try:
        case = load_case(options.case)
        if options.accept:
            accept(case)
            case = load_case(options.case)
        comparisons = replay(case)
    except (LabError, OSError) as error:
        print(f"lab replay: {error}", file=sys.stderr)
        return WRONG_USAGE
    if options.json is not None:
        content = [{**asdict(item), "same": item.same} for item in comparisons]
        try:
            options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
        except OSError as error:
            print(f"lab replay: --json {options.json}: {error.strerror}", file=sys.stderr)
            return WRONG_USAGE
    # last, as whoever reads it may have left
    show(case, comparisons, Console(markup=False, emoji=False))
    return SAME if all(item.same for item in comparisons) else DIFFERS
