"""The whole cell through its launch file: how many parts it places, how fast, and whether it tells the truth.

Protocol: seeds FIRST..FIRST+N-1 of a scene, each in a cell of its own (all nodes new), until the task ends.
Presented are the parts that the simulator has there, whatever the cell counts; of a run whose simulator gave
no answer, those that were asked for. A part counts as placed when the simulator, not the cell, says that it
rests in a destination. False successes are parts that the cell reports as placed and the simulator does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rich.console import Console
from rich.table import Table

from lab_console.demo import run_demo
from lab_console.demo_arguments import SCENES, arguments, check_cell
from lab_evaluation.campaign import wilson


class Scales:
    """Beside the cell: the most memory that its processes took."""

    def __init__(self) -> None:
        self.peak_memory = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak_memory = max(self.peak_memory, sum(resident_memory_of_children().values()))


def resident_memory_of_children() -> dict[str, int]:
    """Bytes resident in the descendants of this process, by what runs there, shared pages once (PSS)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
    ours, bytes_of = {os.getpid()}, Counter[str]()
    for pid in sorted(parents):
        if parents[pid] in ours:
            ours.add(pid)
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                # of `python …/lib/lab_tasks/task_node …` the node
                name = Path(next((word for word in words[1:] if "/lib/" in word), words[0])).name
                bytes_of[name] += next(1024 * int(x.split()[1]) for x in lines if x.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
    return dict(bytes_of)


def run_seed(options: argparse.Namespace, seed: int, console: Console) -> dict[str, Any]:
    """One run; the figures of run.json, and memory."""
    with tempfile.TemporaryDirectory() as folder:
        out = options.keep / f"seed_{seed}" if options.keep else Path(folder)
        given = {
            "cell": options.cell,
            "scene": options.scene,
            "parts": options.parts,
            "seed": seed,
            "speed": options.speed,
            "look": options.look,
            "out": out,
        }
        words = ["sim:=gazebo", "headless:=true"] if options.sim == "gazebo" else []
        demo = arguments([f"--{name}={value}" for name, value in given.items()] + ["--no-video", *words])
        scales = Scales()
        try:
            record = run_demo(demo, console)
        finally:
            scales.close()
    return {**record.as_json(), "peak_memory_mb": round(scales.peak_memory / 1e6)}


def pooled(runs: list[dict[str, Any]], asked: int) -> dict[str, Any]:
    """Figures over all runs, by the simulator's truth.

    asked: parts of a run; they lay there, and none is known to be placed, where the simulator did not answer.
    """
    truths = [run["truth"] or {"presented": asked, "placed": 0} for run in runs]
    presented = sum(truth["presented"] for truth in truths)
    placed = sum(truth["placed"] for truth in truths)
    claimed = sum(run["books"]["placed"] for run in runs)
    false = sum(
        max(0, r["books"]["placed"] - t["placed"]) for r, t in zip(runs, truths, strict=True) if r["truth"]
    )
    sim_seconds = sum(run["sim_seconds"] for run in runs)
    stages = sorted({stage for run in runs for stage in run["latency_ms"]})
    return {
        "presented": presented,
        "placed": placed,
        "placed_share": placed / presented if presented else 0.0,
        "placed_ci95": wilson(placed, presented),
        "claimed": claimed,
        "counted": sum(run["books"]["presented"] for run in runs),
        "false_successes": false,
        "without_truth": sum(run["truth"] is None for run in runs),
        "attempts": sum(run["attempts"] for run in runs),
        "successes": sum(run["successes"] for run in runs),
        "sim_seconds": sim_seconds,
        "wall_seconds": sum(run["wall_seconds"] for run in runs),
        "picks_per_hour": 3600.0 * placed / sim_seconds if sim_seconds else 0.0,
        "outcomes": dict(sum((Counter(run["outcomes"]) for run in runs), Counter())),
        "left": dict(sum((Counter(left["outcome"] for left in run["left"]) for run in runs), Counter())),
        "ended": dict(Counter(run["outcome"] for run in runs)),
        "latency_ms": {
            stage: {
                key: round(
                    float(np.median([r["latency_ms"][stage][key] for r in runs if stage in r["latency_ms"]])),
                    1,
                )
                for key in ("p50", "p95")
            }
            for stage in stages
        },
        "first_grasp_wall_seconds": sorted(
            r["first_grasp_wall_seconds"] for r in runs if r["first_grasp_wall_seconds"]
        ),
        "peak_memory_mb": max(run["peak_memory_mb"] for run in runs),
    }


def show(
    options: argparse.Namespace, runs: list[dict[str, Any]], total: dict[str, Any], console: Console
) -> None:
    """Print the tables."""
    table = Table(
        title=f"{options.cell}, {options.sim}, {options.scene}, {len(runs)} seeds from {options.first_seed},"
        f" speed {options.speed}"
    )
    for heading in (
        "seed",
        "placed",
        "presented",
        "counted",
        "claimed",
        "attempts",
        "sim s",
        "wall s",
        "ended",
    ):
        table.add_column(heading, justify="right")
    for run in runs:
        truth, books = run["truth"] or {"presented": "?", "placed": "?"}, run["books"]
        table.add_row(
            str(run["seed"]),
            str(truth["placed"]),
            str(truth["presented"]),
            str(books["presented"]),
            str(books["placed"]),
            str(run["attempts"]),
            f"{run['sim_seconds']:.0f}",
            f"{run['wall_seconds']:.0f}",
            run["outcome"],
        )
    console.print(table)
    low, high = total["placed_ci95"]
    console.print(
        f"placed {total['placed']} of {total['presented']} = {100 * total['placed_share']:.1f} %"
        f" (95 % interval {100 * low:.1f} to {100 * high:.1f}), claimed {total['claimed']},"
        f" {total['false_successes']} of them falsely;"
        f" {total['picks_per_hour']:.0f} parts per simulated hour; outcomes {total['outcomes']};"
        f" left {total['left']}; memory at most {total['peak_memory_mb']} MB"
    )
    latency = Table(title="computing, ms (median over the runs)")
    for heading in ("stage", "p50", "p95"):
        latency.add_column(heading, justify="right")
    for stage, values in total["latency_ms"].items():
        latency.add_row(stage, f"{values['p50']:.0f}", f"{values['p95']:.0f}")
    console.print(latency)


def main() -> int:
    """Exit code 0 when every run ended with a typed outcome and no success was false."""
    parser = argparse.ArgumentParser(prog="lab bench pick_and_place", description=__doc__)
    parser.add_argument("--robot", default="ur5e", metavar="NAME", help="of config/cells/NAME_table.yaml")
    parser.add_argument("--cell", metavar="NAME", help="another cell: a name in config/cells or a YAML file")
    parser.add_argument("--scene", default="scattered", choices=SCENES)
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--first-seed", type=int, default=100, metavar="S")
    parser.add_argument("--parts", type=int, default=8, metavar="N")
    parser.add_argument(
        "--sim", default="mujoco", choices=("mujoco", "gazebo"), help="what stands in for the cell"
    )
    parser.add_argument("--look", default="real", choices=("real", "plain"), help="of MuJoCo's images")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the reports of all runs")
    options = parser.parse_args()
    console = Console()
    check_cell(parser, options)
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rclpy.init(signal_handler_options=rclpy.SignalHandlerOptions.NO)
    runs = []
    start = time.monotonic()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        runs.append(run_seed(options, seed, console))
        console.print(f"{len(runs)} of {options.seeds} seeds, {time.monotonic() - start:.0f} s", style="dim")
    rclpy.try_shutdown()
    total = pooled(runs, options.parts)
    show(options, runs, total, console)
    if options.out:
        described = {
            "protocol": " ".join(__doc__.split()),
            "cell": options.cell,
            "sim": options.sim,
            "scene": options.scene,
            "look": options.look,
            "parts": options.parts,
        }
        options.out.write_text(
            json.dumps({**described, "total": total, "runs": runs}, indent=1), encoding="utf-8"
        )
    honest = total["false_successes"] == 0
    typed = all(run["outcome"] not in ("UNAVAILABLE", "TIMEOUT", "INTERNAL_ERROR") for run in runs)
    return 0 if honest and typed else 1


if __name__ == "__main__":
    sys.exit(main())
