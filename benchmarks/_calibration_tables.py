"""The figures of the calibration benchmark for a person."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import beta


def share(hits: list[bool]) -> dict[str, float]:
    """Share with its 95 % interval (Clopper and Pearson)."""
    count, total = int(np.sum(hits)), len(hits)
    low = beta.ppf(0.025, count, total - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return {"share": count / total, "low": float(low), "high": float(high), "of": total}


def show(results: dict[str, Any], poses: int, console: Console) -> None:
    """Print the figures as tables. poses: of each calibration."""

    def percent(entry: dict[str, float]) -> str:
        return f"{100 * entry['share']:.1f} % ({100 * entry['low']:.1f} to {100 * entry['high']:.1f})"

    for key, row in results.get("noise", {}).items():
        px = row["corner_px"]
        console.print(
            f"{key}: corners of {row['found']} of {row['pictures']} rendered pictures: {px['p50']:.3f} px"
            f" ({px['p10']:.3f} to {px['p90']:.3f}), all of a picture together {row['shared_px']:.3f} px"
        )
    if "coverage" in results:
        table = Table(title=f"{poses} chosen poses: the stated 95 % error")
        for heading in (
            "",
            "holds",
            "over the map",
            "angle holds",
            "stated / true, mm",
            "at 0.8 m",
            "good refused",
        ):
            table.add_column(heading)
        for key, row in results["coverage"].items():
            at = row["camera_at_0.8_m"]
            table.add_row(
                f"{key} ({row['calibrations']})",
                percent(row["holds"]),
                f"{100 * row['holds_over_map']:.1f} %",
                percent(row["angle_holds"]),
                f"{row['stated_mm']:.2f} / {row['true_mm']:.2f}",
                f"{at['mm']:.2f} mm, {at['deg']:.3f}°",
                percent(row["good_pose_refused"]),
            )
        console.print(table)
    if "landmark" in results:
        table = Table(title="the landmark: cameras that seem to move by so much at the worst corner")
        for heading in ("", "mm", "called moved", "95 % holds", "said, mm: 5, 50, 95 %", "not seen"):
            table.add_column(heading)
        for row in results["landmark"]:
            said = ", ".join(f"{value:.1f}" for value in row["said_mm"])
            called, holds = percent(row["called_moved"]), percent(row["interval_holds"])
            table.add_row(
                row["light"], f"{row['distance_mm']:.0f}", called, holds, said, str(row["not_seen"])
            )
        console.print(table)
    for key, row in results.get("choice", {}).items():
        table = Table(title=f"{key}, {row['cells']} cells without joint errors: median error, mm, by poses")
        table.add_column("")
        for size in row["poses"]:
            table.add_column(str(size), justify="right")
        for way in ("chosen", "random"):
            table.add_row(way, *(f"{value:.3f}" for value in row[way]))
        same = [row["poses_for_the_same"].get(str(size)) for size in row["poses"]]
        words = ["-" if one is None else f"{100 * one:.0f} %" for one in same]
        table.add_row("chosen for the same error", *words)
        console.print(table)
    for title, key, columns in (
        ("one of 12 poses 10 mm off", "bad_pose", ("found", "others_refused")),
        ("check, camera moved by 3 mm", "check", ("found", "false_alarms", "interval_holds")),
    ):
        if key in results:
            table = Table(title=title)
            for heading in ("", *columns):
                table.add_column(heading.replace("_", " "))
            for group, row in results[key].items():
                table.add_row(
                    f"{group} ({row['found']['of']})", *(percent(row[column]) for column in columns)
                )
            console.print(table)
    for file, row in results.get("files", {}).items():
        table = Table(title=f"{file}: {row['poses']} poses, camera {row['camera']}; rms (median)")
        for heading in ("method", "held out", "residual of the fit"):
            table.add_column(heading)
        for method, one in row["methods"].items():
            words = [
                f"{one[k]['rms_mm']:.2f} ({one[k]['median_mm']:.2f}) mm, {one[k]['rms_deg']:.2f}°"
                for k in ("held_out", "residual")
            ]
            table.add_row(method, *words)
        console.print(table)
