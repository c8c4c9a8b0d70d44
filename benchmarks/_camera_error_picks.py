"""Picks with a camera that stands elsewhere than the cell says: its error stated, and ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lab_evaluation.campaign import run_rounds, wilson
from lab_evaluation.rounds import Round, Task

ERRORS = (0.0, 0.003, 0.006, 0.010)
"""Metres, in the worst corner of the work area."""

SAID = ("error_mm", "stated", "presented", "removed", "attempts", "gripped", "collisions")


def measure_picks(scene: str, seeds: Sequence[int], workers: int, console: Console) -> list[dict[str, Any]]:
    """Figures of each error, the same scenes with the error stated and ignored."""
    rows = []
    cases = [(error, stated) for error in ERRORS for stated in (False, True) if error > 0.0 or not stated]
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(f"picks, {scene}", total=len(cases) * len(seeds))
        for error, stated in cases:
            task = Task(scene, camera_error=error, stated_error=error if stated else 0.0)
            rounds = run_rounds(task, seeds, workers=workers, done=lambda _: progress.advance(bar))
            rows.append({"scene": scene, "error_mm": 1e3 * error, "stated": stated, **figures(rounds)})
            console.print(
                ", ".join(f"{key} {rows[-1][key]}" for key in SAID), highlight=False, soft_wrap=True
            )
    return rows


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """Of rounds of one case. collisions: attempts in which the hand touched anything but its part."""
    played = [one for one in rounds if not one.lost]
    attempts = [attempt for one in played for attempt in one.attempts]
    presented, removed = sum(one.presented for one in played), sum(one.removed for one in played)
    collisions = sum(bool(attempt.collided) for attempt in attempts)
    gripped = sum(attempt.ending == "removed" for attempt in attempts)
    return {
        "rounds": len(played),
        "rounds_lost": {one.seed: one.lost for one in rounds if one.lost},
        "presented": presented,
        "removed": removed,
        "removed_ci95": wilson(removed, presented),
        "attempts": len(attempts),
        "gripped": gripped,
        "gripped_ci95": wilson(gripped, len(attempts)),
        "collisions": collisions,
        "collisions_ci95": wilson(collisions, len(attempts)),
        "came_down_on_the_part": sum(
            attempt.ending.startswith("touched") and not attempt.collided for attempt in attempts
        ),
        "refused_by_the_error": sum(one.presented - one.removed for one in played if one.unsafe),
        "false_success": sum(attempt.claimed and not attempt.truth for attempt in attempts),
        "failures": dict(Counter(one.ending for one in attempts if one.ending != "removed").most_common()),
        "ended": dict(Counter(one.ended for one in played).most_common()),
        "by_round": [
            {
                "seed": one.seed,
                "presented": one.presented,
                "removed": one.removed,
                "ended": one.ended,
                "unsafe": one.unsafe,
                "attempts": [(item.ending, item.meant, item.collided) for item in one.attempts],
            }
            for one in played
        ],
    }


def show_picks(rows: Sequence[dict[str, Any]], console: Console) -> None:
    """The figures for a person."""
    if not rows:
        return
    table = Table(
        title=f"picks with a camera that is off, {rows[0]['scene']}, {rows[0]['rounds']} rounds each"
    )
    headings = (
        "error",
        "",
        "removed",
        "of attempts",
        "collisions",
        "on its part",
        "refused",
        "false success",
    )
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        low, high = row["collisions_ci95"]
        table.add_row(
            f"{row['error_mm']:.0f} mm",
            "stated" if row["stated"] else "ignored",
            f"{row['removed']} of {row['presented']}",
            f"{row['gripped']} of {row['attempts']}",
            f"{row['collisions']} ({100 * low:.0f} to {100 * high:.0f} %)",
            str(row["came_down_on_the_part"]),
            str(row["refused_by_the_error"]),
            str(row["false_success"]),
        )
    console.print(table)
