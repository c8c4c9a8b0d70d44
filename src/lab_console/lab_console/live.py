"""The live table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from lab_console.run_record import AttemptRecord, LineRecord, RunRecord
from lab_core.scene import PART

SHOWN = 3
"""Candidates of a line in the terminal; the report has them all."""


def plain(text: str) -> Text:
    """Text of others, such as the name of a part, as it is: no markup, no smileys, and what would steer the
    terminal in its escaped form.
    """
    return Text("".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text))


def live_view(
    record: RunRecord, doing: str, wall_seconds: float, keys: str = "", lying: int | None = None
) -> RenderableType:
    """What the cell does now, one row an attempt, and what the keys do.

    lying: parts that lay there by the simulator; None where it is not known.
    """
    totals = f"placed {record.placed} of {lying or record.presented}"
    totals += f"   simulated {record.sim_seconds:.0f} s   wall {wall_seconds:.0f} s"
    if record.placed:
        totals += f"   {record.picks_per_hour:.0f} picks/h"
    told = record.lines and not all(line.everything for line in record.lines)
    return Group(
        attempts_table(record.attempts, f"{record.cell}, scene {record.scene}, seed {record.seed}"),
        *([lines_table(record.lines)] if told else []),
        Spinner("dots", text=plain(f" {doing.rstrip()}")),
        Text(totals, style="bold"),
        Text(keys, style="dim"),
    )


def attempts_table(attempts: Sequence[AttemptRecord], title: str) -> Table:
    """One row an attempt; with the kinds of the parts where the detector knows them."""
    kinds = any(_kind(attempt) for attempt in attempts)
    table = Table(title=plain(title), title_justify="left", expand=False)
    for heading, justify in (
        ("#", "right"),
        ("part", "left"),
        ("colour", "left"),
        *((("kind", "left"),) if kinds else ()),
        ("outcome", "left"),
        ("to", "left"),
        ("width mm", "right"),
        ("force N", "right"),
        ("cycle s", "right"),
    ):
        table.add_column(heading, justify=justify, overflow="fold")
    for attempt in attempts:
        success = attempt.outcome == "SUCCESS"
        table.add_row(
            str(attempt.number),
            plain(attempt.object_id),
            plain(attempt.colour),
            *((plain(_kind(attempt)),) if kinds else ()),
            Text(plain(attempt.outcome).plain, style="green" if success else "red"),
            plain(attempt.destination),
            f"{attempt.held_width * 1000:.1f}" if attempt.held_width else "",
            f"{attempt.held_force:.0f}" if attempt.held_force else "",
            f"{attempt.end - attempt.start:.1f}",
        )
    return table


def lines_table(lines: Sequence[LineRecord]) -> Table:
    """One row a line of the order, with the parts that its words fit best."""
    table = Table(title="order", title_justify="left", expand=False)
    for heading in ("line", "meant", "to", "placed", "outcome", "candidates"):
        table.add_column(heading, justify="right" if heading == "placed" else "left", overflow="fold")
    for number, line in enumerate(lines, 1):
        success = line.outcome == "SUCCESS"
        said = line.outcome if success else f"{line.outcome}: {line.message}"
        table.add_row(
            str(number),
            plain(line.meaning),
            plain(" or ".join(line.to)),
            str(line.placed),
            Text(plain(said).plain, style="green" if success else "red"),
            plain(", ".join(f"{c.object_id} {c.score:.2f}" for c in line.candidates[:SHOWN])),
        )
    return table


def _kind(attempt: AttemptRecord) -> str:
    """Label and score of the most likely kind; empty where the detector only knows that it is a part."""
    best = next(iter(attempt.hypotheses), None)
    return "" if best is None or best.label == PART else f"{best.label} {best.score:.2f}"


def summary(record: RunRecord) -> RenderableType:
    """Last words: what was done, what is left and why."""
    style = "bold green" if record.complete else "bold red"
    text = Text(f"{record.placed} of {record.presented} parts placed", style=style)
    text.append(
        f" in {record.sim_seconds:.0f} s simulated, {record.wall_seconds:.0f} s wall", style="not bold"
    )
    if not record.complete and (record.outcome != "SUCCESS" or not record.disagreement):
        text.append(plain(f"\n{record.outcome}: {record.message}").plain, style="not bold")
    if record.disagreement:
        text.append(f"\nthe counts disagree: {record.disagreement}", style="yellow")
    for left in record.left:
        words = f"\n  left: {left.object_id} after {left.attempts} attempts, {left.outcome}: {left.message}"
        text.append(plain(words).plain, style="not bold")
    return text
