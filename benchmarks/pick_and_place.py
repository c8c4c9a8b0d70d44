"""The whole cell through its launch file: how many parts it places, how fast, and whether it tells the truth.

Protocol: seeds FIRST..FIRST+N-1 of a scene, each in a cell of its own (all nodes new), until the task ends.
A part counts as placed when the simulator, not the cell, says that it rests in a destination. False successes
are parts that the cell reports as placed and the simulator does not.
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
from lab_console.demo import SCENES, run_demo
from lab_evaluation.campaign import wilson
from lab_node.actions import wait_for
from lab_node.errors import ConfigurationError, LabError
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rich.console import Console
from rich.table import Table
from simulation_interfaces.srv import GetEntitiesStates

from lab_description import Cell, load_cell
from lab_geometry import OrientedBox, make_transform


class Judge:
    """Beside the cell: memory of its processes, and the simulator's truth when the task has ended."""

    def __init__(self, cell: Cell) -> None:
        self.peak_memory = 0
        self.in_destination: int | None = None
        self._destinations = [
            OrientedBox(
                make_transform(np.eye(3), destination.base_from_floor[:3, 3] + [0, 0, 0.1]),
                np.array([*destination.size, 0.25]),
            )
            for destination in cell.destinations.values()
        ]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def at_end(self) -> None:
        """Ask the simulator where the parts are."""
        node = Node("judge")
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        thread = threading.Thread(target=executor.spin, daemon=True)
        thread.start()
        try:
            client = node.create_client(GetEntitiesStates, "/simulator/get_entities_states")
            if client.wait_for_service(5.0):
                answer = wait_for(client.call_async(GetEntitiesStates.Request()), 10.0, "simulator")
                centres = [[s.pose.position.x, s.pose.position.y, s.pose.position.z] for s in answer.states]
                inside = [box.contains(np.array(centres), margin=0.01) for box in self._destinations]
                self.in_destination = int(np.any(inside, axis=0).sum()) if centres else 0
        except LabError:
            pass
        finally:
            executor.shutdown()
            thread.join()
            node.destroy_node()

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


def run_seed(options: argparse.Namespace, seed: int, cell: Cell, console: Console) -> dict[str, Any]:
    """One run; the figures of run.json and the judge's."""
    with tempfile.TemporaryDirectory() as folder:
        out = options.keep / f"seed_{seed}" if options.keep else Path(folder)
        demo = argparse.Namespace(
            robot=options.robot,
            scene=options.scene,
            parts=options.parts,
            meshes=None,
            seed=seed,
            speed=options.speed,
            look=options.look,
            out=out,
            no_video=True,
        )
        judge = Judge(cell)
        try:
            record = run_demo(demo, console, at_end=judge.at_end)
        finally:
            judge.close()
    figures = record.as_json()
    figures["placed_by_truth"] = judge.in_destination
    figures["peak_memory_mb"] = round(judge.peak_memory / 1e6)
    return figures


def pooled(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures over all runs."""
    presented = sum(run["presented"] for run in runs)
    claimed = sum(run["placed"] for run in runs)
    placed = sum(run["placed"] if run["placed_by_truth"] is None else run["placed_by_truth"] for run in runs)
    sim_seconds = sum(run["sim_seconds"] for run in runs)
    stages = sorted({stage for run in runs for stage in run["latency_ms"]})
    return {
        "presented": presented,
        "placed": placed,
        "placed_share": placed / presented if presented else 0.0,
        "placed_ci95": wilson(placed, presented),
        "claimed": claimed,
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
        title=f"{options.robot}, {options.scene}, {len(runs)} seeds from {options.first_seed},"
        f" speed {options.speed}"
    )
    for heading in ("seed", "presented", "placed", "by truth", "attempts", "sim s", "wall s", "ended"):
        table.add_column(heading, justify="right")
    for run in runs:
        table.add_row(
            str(run["seed"]),
            str(run["presented"]),
            str(run["placed"]),
            str(run["placed_by_truth"]),
            str(run["attempts"]),
            f"{run['sim_seconds']:.0f}",
            f"{run['wall_seconds']:.0f}",
            run["outcome"],
        )
    console.print(table)
    low, high = total["placed_ci95"]
    console.print(
        f"placed {total['placed']} of {total['presented']} = {100 * total['placed_share']:.1f} %"
        f" (95 % interval {100 * low:.1f} to {100 * high:.1f}), claimed {total['claimed']};"
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
    parser.add_argument("--scene", default="scattered", choices=SCENES)
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--first-seed", type=int, default=100, metavar="S")
    parser.add_argument("--parts", type=int, default=8, metavar="N")
    parser.add_argument("--look", default="real", choices=("real", "plain"), help="of the simulated images")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the reports of all runs")
    options = parser.parse_args()
    console = Console()
    try:
        cell = load_cell(f"{options.robot}_table")
    except ConfigurationError as error:
        parser.error(f"--robot {options.robot}: {error}")
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rclpy.init(signal_handler_options=rclpy.SignalHandlerOptions.NO)
    runs = []
    start = time.monotonic()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        runs.append(run_seed(options, seed, cell, console))
        console.print(f"{len(runs)} of {options.seeds} seeds, {time.monotonic() - start:.0f} s", style="dim")
    rclpy.try_shutdown()
    total = pooled(runs)
    show(options, runs, total, console)
    if options.out:
        described = {
            "protocol": " ".join(__doc__.split()),
            "robot": options.robot,
            "scene": options.scene,
            "look": options.look,
            "parts": options.parts,
        }
        options.out.write_text(
            json.dumps({**described, "total": total, "runs": runs}, indent=1), encoding="utf-8"
        )
    honest = all(run["placed_by_truth"] is None or run["placed_by_truth"] >= run["placed"] for run in runs)
    typed = all(run["outcome"] not in ("UNAVAILABLE", "TIMEOUT", "INTERNAL_ERROR") for run in runs)
    return 0 if honest and typed else 1


if __name__ == "__main__":
    sys.exit(main())
