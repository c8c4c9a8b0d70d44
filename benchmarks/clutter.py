"""Clutter removal: how many grasps succeed, and how much of the table is cleared.

Protocol: GIGA (Z. Jiang et al., RSS 2021). Five parts in a workspace of 30 cm, packed (standing in groups
that touch) or piled (poured onto each other and at rest); one camera at a fixed side view, 0.60 m from a
point 0.10 m above the middle, 60° from the vertical, with the depth noise of a stereo camera; look, plan,
carry out the best grasp, look again, until the table is clear, two attempts in a row failed, or no grasp is
proposed. Success: the part is lifted 10 cm, carried off, and after 1 s still in the hand, as the simulator
sees it; then it is taken out of the scene. With a hand alone (--embodiment hand, as in the paper) it starts
free of everything at the approach distance, whatever it touches on its way in ends the attempt as a failure,
and the part is carried up by 25 cm more. With an arm the pick of lab_motion carries out the first of the 20
best grasps that the arm can reach, planned with all that was observed, and takes the part home; grasps of
which none can be reached are a failed attempt; afterwards the empty arm is put back home at once.
GSR = successes / attempts, DR = removed / presented. The seed of a round decides its parts, their places,
the noise and the planner's samples. Times are processor time of one core. A suction cup (--hand suction) is
pressed on until its bellows give way, and holds by the vacuum behind a lip that seals on the true shape; it
carries parts at 0.15 m/s on average instead of 0.4.
Parts of all sets but the catalogue are of kinds that the planners were not tuned on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from lab_core.errors import LabError
from lab_description import Cell, load_cell
from lab_evaluation.campaign import figures, run_rounds
from lab_evaluation.report import write_report
from lab_evaluation.rounds import ARRANGEMENTS, CATALOGUE, CELLS, Task, widest_of
from lab_evaluation.shapes import SETS
from lab_grasping.hand_model import hand_of
from lab_grasping.port import GRASP_PLANNERS
from lab_simulation.look import LOOKS
from lab_simulation.scenes.mesh_parts import mesh_source


def main() -> int:
    """Command line; see --help. Exit code 0 when all rounds were played."""
    parser = argparse.ArgumentParser(
        prog="lab bench clutter", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scene", default="packed", choices=sorted(ARRANGEMENTS))
    parser.add_argument("--objects", default="mixed", choices=[*sorted(SETS), CATALOGUE])
    parser.add_argument("--meshes", type=Path, metavar="DIR", help="take the parts from OBJ or STL files")
    cells = sorted(path.stem for path in CELLS.glob("*.yaml"))
    hands = [name.removeprefix("hand_") for name in cells if name.startswith("hand_")]
    arms = [name.removeprefix("arm_") for name in cells if name.startswith("arm_")]
    parser.add_argument("--embodiment", default="hand", choices=("hand", "arm"))
    parser.add_argument("--hand", choices=hands, help="without an arm; else 2f85")
    parser.add_argument("--arm", choices=arms, help="and its hand, with --embodiment arm; else ur5e")
    parser.add_argument("--rounds", type=int, default=100, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the first round")
    parser.add_argument("--parts", type=int, default=5, metavar="N", help="in each round")
    parser.add_argument("--look", choices=LOOKS, default="real", help="of the simulated images")
    parser.add_argument("--planner", help="for this kind of hand; else the one that its YAML names")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, in place of this machine")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument(
        "--report", type=Path, metavar="FILE.html", help="a page with pictures of the failures"
    )
    options = parser.parse_args()
    other = "arm" if options.embodiment == "hand" else "hand"
    if getattr(options, other):
        parser.error(f"--{other} is of the other embodiment: leave it out, or say --embodiment {other}")
    for name in ("rounds", "parts", "workers"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: expected 1 or more")
    if options.seed < 0:
        parser.error(f"--seed {options.seed}: expected a number that is not negative")
    name = (
        f"hand_{options.hand or '2f85'}" if options.embodiment == "hand" else f"arm_{options.arm or 'ur5e'}"
    )
    cell = load_cell(CELLS / f"{name}.yaml")
    planners = GRASP_PLANNERS.names_for(hand_of(cell.end_effector))
    planner = options.planner or cell.end_effector.grasp_planner
    if planner not in planners:
        parser.error(f"--planner {planner}: for {cell.end_effector.name} there are {', '.join(planners)}")
    task = Task(
        options.scene,
        options.objects,
        name,
        planner,
        options.parts,
        str(options.meshes.resolve()) if options.meshes else "",
        options.look,
    )
    seeds = range(options.seed, options.seed + options.rounds)
    console = Console()
    try:
        left_out = read_meshes(task, cell, console)
    except LabError as error:
        console.print(f"lab bench clutter: {error}", style="red", markup=False)
        return 1
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{options.scene}, {planner}", total=len(seeds))
        rounds = run_rounds(
            task,
            seeds,
            workers=options.workers,
            scheduler=options.scheduler,
            done=lambda _: progress.advance(bar),
        )
    results = {
        "benchmark": "clutter",
        "protocol": " ".join((__doc__ or "").split("Protocol:")[1].split()),
        "scene": task.scene,
        "objects": task.meshes or task.objects,
        "embodiment": task.cell,
        "planner": task.planner,
        "look": task.look,
        "meshes_left_out": left_out,
        "seeds": [seeds[0], seeds[-1]],
        "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
        **figures(rounds),
        "by_round": [
            {"seed": one.seed, "presented": one.presented, "removed": one.removed, "ended": one.ended,
             "lost": one.lost, "attempts": [attempt.ending for attempt in one.attempts]}
            for one in rounds
        ],
    }  # fmt: skip
    console.print(as_table(results))
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        console.print(f"figures: {options.out}")
    if options.report:
        write_report(results, rounds, options.report)
        console.print(f"pictures of the failures: {options.report}")
    for seed, why in results["rounds_lost"].items():
        console.print(f"lost: seed {seed}: {why}", style="red", markup=False)
    return 1 if results["rounds_lost"] else 0


def read_meshes(task: Task, cell: Cell, console: Console) -> list[str]:
    """Read them before any round does; a sentence for each that is left out.

    Raises SceneError when no file can be used.
    """
    if not task.meshes:
        return []
    columns = (TextColumn("meshes"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=None)
        source = mesh_source(
            task.meshes,
            widest_of(cell),
            lambda done, of, name: progress.update(bar, completed=done, total=of, description=escape(name)),
        )
    for sentence in (*(f"left out: {one}" for one in source.left_out), *source.remarks):
        console.print(sentence, style="yellow", markup=False, highlight=False)
    return list(source.left_out)


def as_table(results: dict[str, Any]) -> Table:
    """The figures for a person."""
    table = Table(
        title=f"clutter removal, {results['scene']}, {results['objects']}, {results['embodiment']},"
        f" {results['planner']}, {results['look']} look,"
        f" seeds {results['seeds'][0]} to {results['seeds'][1]}",
        show_header=False,
    )
    table.add_column()
    table.add_column(justify="right")
    for name, words, of in (("gsr", "grasp success rate", "attempts"), ("dr", "declutter rate", "presented")):
        low, high = results[f"{name}_ci95"]
        share = f"{100 * results[name]:.1f} %  ({100 * low:.1f} to {100 * high:.1f}) of {results[of]}"
        table.add_row(words, share)
    for name, words in (("plan_ms", "planning, ms p50 / p95"), ("perceive_ms", "perception, ms p50 / p95")):
        table.add_row(words, f"{results[name]['p50']:.0f} / {results[name]['p95']:.0f}")
    for kind, count in results["failures"].items():
        table.add_row(f"failed: {kind}", str(count))
    for kind, count in results["ended"].items():
        table.add_row(f"round ended: {kind}", str(count))
    check = results["verification"]
    table.add_row("verification: false success", f"{check['false_success']}")
    table.add_row("verification: false failure", f"{check['false_failure']}")
    return table


if __name__ == "__main__":
    sys.exit(main())
