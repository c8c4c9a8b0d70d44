"""What a campaign has found, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

import _fuzz_cell
import _fuzz_keys
from lab_evaluation.fuzzing.findings import Failure, Findings, Verdict
from lab_evaluation.fuzzing.target import Target


@dataclass
class Group:
    """Findings of all targets of a group."""

    targets: dict[str, Findings] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        return sum(each.inputs for each in self.targets.values())

    @property
    def refused(self) -> int:
        return sum(each.refused for each in self.targets.values())

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.targets.values())

    @property
    def failures(self) -> list[Failure]:
        return [failure for each in self.targets.values() for failure in each.failures.values()]

    def count(self, verdict: Verdict) -> int:
        """Failures of a kind."""
        return sum(failure.verdict == verdict for failure in self.failures)


@dataclass
class Cell:
    """What was measured of the running cell after the campaign.

    moved: radians of the stopped arm by who tried. trouble: why it does not work after the reset. presses:
    seconds of the wall after each stop key. lost: what a stop key did otherwise.
    """

    moved: dict[str, float] = field(default_factory=dict)
    trouble: str = ""
    presses: list[float] = field(default_factory=list)
    lost: str = ""

    @property
    def failed(self) -> bool:
        late = any(seconds > _fuzz_keys.LIMIT for seconds in self.presses)
        moving = any(radians > _fuzz_cell.MAY_MOVE for radians in self.moved.values())
        return late or moving or bool(self.trouble or self.lost)


def by_group(targets: Iterable[Target], found: dict[str, Findings]) -> dict[str, Group]:
    """Groups in the order of the targets."""
    groups = dict[str, Group]()
    for target in targets:
        groups.setdefault(target.group, Group()).targets[target.name] = found[target.name]
    return groups


def show(groups: dict[str, Group], cell: Cell, console: Console) -> None:
    """A column for each group, the failures, and the figures of the cell."""
    whole = Group({f"{name} {key}": each for name, g in groups.items() for key, each in g.targets.items()})
    shown = {**groups, "all": whole}
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("", max_width=11)
    for name in shown:
        table.add_column(name.replace(" ", "\n"), justify="right")
    table.add_row("inputs", *(str(group.inputs) for group in shown.values()))
    table.add_row("refused", *(str(group.refused) for group in shown.values()))
    for verdict in Verdict:
        table.add_row(verdict, *(str(group.count(verdict)) for group in shown.values()))
    table.add_row("seconds", *(f"{group.seconds:.0f}" for group in shown.values()))
    console.print(table)
    for group in groups.values():
        for name, findings in group.targets.items():
            for kind, failure in findings.failures.items():
                console.print(
                    f"{name}: {kind}: {failure.words}\n  smallest input: {failure.given}", highlight=False
                )
    for name, radians in cell.moved.items():
        console.print(f"{name} moved the stopped arm by {radians:.4f} rad")
    if cell.moved or cell.trouble:
        console.print(cell.trouble or "after the reset the cell picked and placed a part")
    if cell.presses:
        presses = sorted(cell.presses)
        console.print(
            f"the stop key, {len(presses)} times: the arm stood within {presses[-1]:.3f} s, median"
            f" {presses[len(presses) // 2]:.3f} s, limit {_fuzz_keys.LIMIT} s"
        )
    if cell.lost:
        console.print(f"the stop key: {cell.lost}")


def as_json(groups: dict[str, Group], cell: Cell) -> dict[str, Any]:
    """For the file of figures."""
    return {
        "stop_key_seconds": cell.presses,
        "stop_key_lost": cell.lost,
        "moved_while_stopped_rad": cell.moved,
        "after_the_reset": cell.trouble,
        "groups": {
            name: {
                "inputs": group.inputs,
                "refused": group.refused,
                "seconds": round(group.seconds, 1),
                **{verdict.replace(" ", "_"): group.count(verdict) for verdict in Verdict},
                "targets": {key: _target(findings) for key, findings in group.targets.items()},
            }
            for name, group in groups.items()
        },
    }


def _target(findings: Findings) -> dict[str, Any]:
    return {
        "inputs": findings.inputs,
        "refused": findings.refused,
        "seconds": round(findings.seconds, 1),
        "failures": [
            {"kind": kind, "verdict": failure.verdict, "input": failure.given, "said": failure.words}
            for kind, failure in findings.failures.items()
        ],
    }
