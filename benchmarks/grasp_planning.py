"""Grasp planning on simulated images: how long it takes, for how many parts, and whether it is true.

Protocol: for each arrangement, seeds FIRST..FIRST+N-1 of config/scenes/ARRANGEMENT.yaml in the cell, the
robot at home, one image a scene with the noise of the stereo camera, segments from lab_perception. Each
perceived part is planned for by name, and the whole scene once without a name. Truth is the simulator's: the
hand's boxes are driven along the approach among the true parts, then the pads are closed along rays. A grasp
is sound when nothing collides, both pads meet the same part and both contact normals lie within the friction
cone of the gripper. Parts: with 60 visible pixels or more; a part belongs to the segment that covers most of
its pixels' points. Time is that of this process on one core of this machine, segments in memory to grasps.
The planner was tuned on seeds 1000 to 2999. In the end a block is planned for that was seen with more and
more points, to see how time grows with them: the least of three runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab_simulation.mujoco.rendering import choose_renderer

choose_renderer()  # before MuJoCo is imported

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402

from _labelled_scenes import LabelledScene, labelled_scene  # noqa: E402
from _true_scene import TrueScene, Verdict  # noqa: E402
from lab_core.geometry import invert, transform_points  # noqa: E402
from lab_core.scene import Part  # noqa: E402
from lab_description import Cell, load_cell  # noqa: E402
from lab_grasping.errors import GraspingError  # noqa: E402
from lab_grasping.grasp_parameters import GraspParameters  # noqa: E402
from lab_grasping.gripper import ParallelGripper  # noqa: E402
from lab_grasping.hand_model import from_description  # noqa: E402
from lab_grasping.planning import GraspPlanning  # noqa: E402
from lab_grasping.port import GraspPlan  # noqa: E402
from lab_grasping.testing.synthetic import Solid, at, denser, observe  # noqa: E402
from lab_perception.perception_parameters import PerceptionParameters  # noqa: E402
from lab_perception.pipeline import Perception  # noqa: E402

ARRANGEMENTS = ("scattered", "packed", "pile")
VISIBLE = 60
DENSITIES = (1_000, 10_000, 100_000, 1_000_000)
"""Points on one part."""
BEST = 5


@dataclass
class Figures:
    """Of all scenes of one arrangement."""

    scenes: int = 0
    parts: int = 0
    segments: int = 0
    extra_segments: int = 0
    with_grasp: int = 0
    best_sound: int = 0
    any_sound: int = 0
    scene_best_sound: int = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    scene_cpu: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument("--planner", default="antipodal")
    parser.add_argument("--look", choices=("real", "plain"), default="real", help="of the simulated images")
    parser.add_argument("--arrangement", choices=ARRANGEMENTS, action="append", help="only this one")
    parser.add_argument("--seeds", type=int, default=20, help="scenes of each arrangement")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--parts", type=int, help="parts a scene, instead of as many as the recipe says")
    options = parser.parse_args()

    cv2.setNumThreads(1)
    console = Console()
    cell = load_cell(options.cell)
    gripper = from_description(cell.gripper)
    planning = GraspPlanning.of(cell, GraspParameters(planner=options.planner))
    planning.warm_up()
    figures: dict[str, Figures] = {}
    for arrangement in options.arrangement or ARRANGEMENTS:
        seeds = range(options.first, options.first + options.seeds)
        figures[arrangement] = Figures()
        for seed in track(seeds, description=arrangement, console=console, transient=True):
            scene = labelled_scene(cell, arrangement, seed, options.parts, look=options.look)
            measure(cell, gripper, planning, scene, figures[arrangement])
    rows = {name: summarise(item) for name, item in figures.items()}
    console.print(as_table(rows, options))
    by_points = time_by_points(planning)
    console.print(
        "a part of so many points, ms: " + ", ".join(f"{n:,}: {t:.0f}" for n, t in by_points.items())
    )
    if options.out:
        report = {
            "benchmark": "grasp_planning",
            "protocol": " ".join((__doc__ or "").split("Protocol:")[1].split()),
            "cell": options.cell,
            "planner": options.planner,
            "gripper": gripper.name,
            "seeds": [options.first, options.first + options.seeds - 1],
            "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
            "results": rows,
            "ms_by_points": by_points,
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        console.print(f"written to {options.out}")


def measure(
    cell: Cell, gripper: ParallelGripper, planning: GraspPlanning, scene: LabelledScene, figures: Figures
) -> None:
    """Plan for every part of one scene and judge each plan."""
    observed = Perception.of(cell, PerceptionParameters()).perceive(scene.frame)
    visible = {
        part.name
        for index, part in enumerate(scene.scene.parts)
        if np.count_nonzero(scene.truth == index) >= VISIBLE
    }
    figures.scenes += 1
    figures.parts += len(visible)
    if observed.support is None:
        return
    truth = TrueScene(scene.scene, cell.table_height, gripper)
    segment_of = largest_segments(observed.objects, scene)
    for item in observed.objects:
        figures.segments += 1
        plan = timed(lambda item=item: planning.plan(observed, item.id), figures.wall, figures.cpu)
        part = next((name for name, segment in segment_of.items() if segment == item.id), None)
        if part not in visible:
            figures.extra_segments += 1
            continue
        if isinstance(plan, GraspingError):
            figures.outcomes[plan.code.name] += 1
            continue
        figures.outcomes["SUCCESS"] += 1
        figures.with_grasp += 1
        verdicts = [truth.judge(grasp) for grasp in plan.grasps[:BEST]]
        good = [verdict.sound(gripper.friction) and verdict.part == part for verdict in verdicts]
        figures.best_sound += good[0]
        figures.any_sound += any(good)
        if not good[0]:
            figures.faults[fault(verdicts[0], part, gripper.friction)] += 1
    best = timed(lambda: planning.plan(observed), [], figures.scene_cpu)
    if isinstance(best, GraspPlan):
        figures.scene_best_sound += truth.judge(best.grasps[0]).sound(gripper.friction)


def time_by_points(planning: GraspPlanning) -> dict[int, float]:
    """Processor time, ms, of planning for a block by the number of its points."""
    scene = observe([Solid("box", (0.05, 0.06, 0.04), at(0.5, 0.0, 0.02, 0.4))], noise=0.001)
    times = {}
    for count in DENSITIES:
        part = denser(scene.objects[0], count)
        spent: list[float] = []
        for _ in range(3):
            timed(lambda part=part: planning.plan(replace(scene, objects=(part,)), part.id), [], spent)
        times[len(part.points)] = round(1e3 * min(spent), 1)
    return times


def timed(plan: Callable[[], GraspPlan], wall: list[float], cpu: list[float]) -> GraspPlan | GraspingError:
    """The plan or the error that it ended with; appends the seconds that it took."""
    wall_start, cpu_start = time.perf_counter(), time.process_time()
    try:
        result: GraspPlan | GraspingError = plan()
    except GraspingError as error:
        result = error
    wall.append(time.perf_counter() - wall_start)
    cpu.append(time.process_time() - cpu_start)
    return result


def fault(verdict: Verdict, part: str, friction: float) -> str:
    """One word for what is wrong."""
    if verdict.collides:
        kind = "the part" if verdict.collides == part else verdict.collides
        return f"collides with {kind if kind in ('table', 'the part') else 'a neighbour'}"
    if verdict.part is None:
        return "closes on nothing or two"
    return "wrong part" if verdict.part != part else "slips"


def largest_segments(objects: Sequence[Part], scene: LabelledScene) -> dict[str, str]:
    """For each part the segment with most points on its pixels."""
    camera_from_base = invert(scene.frame.base_from_camera)
    height, width = scene.truth.shape
    votes: dict[str, Counter[str]] = {}
    for item in objects:
        pixels = scene.frame.camera.project(transform_points(camera_from_base, item.points))
        column, row = np.rint(pixels).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
        for index in scene.truth[row[inside], column[inside]]:
            if index >= 0:
                votes.setdefault(scene.scene.parts[index].name, Counter())[item.id] += 1
    return {part: counter.most_common(1)[0][0] for part, counter in votes.items()}


def summarise(figures: Figures) -> dict[str, Any]:
    """Shares and percentiles."""
    parts = max(figures.parts, 1)
    wall, cpu, scene_cpu = (
        1e3 * np.array(times or [0.0]) for times in (figures.wall, figures.cpu, figures.scene_cpu)
    )
    return {
        "scenes": figures.scenes,
        "parts": figures.parts,
        "segments": figures.segments,
        "extra_segments": figures.extra_segments,
        "with_grasp": figures.with_grasp / parts,
        "best_sound": figures.best_sound / parts,
        "any_of_5_sound": figures.any_sound / parts,
        "scene_best_sound": figures.scene_best_sound / max(figures.scenes, 1),
        "plan_ms": {"p50": float(np.percentile(wall, 50)), "p95": float(np.percentile(wall, 95))},
        "plan_cpu_ms": {"p50": float(np.percentile(cpu, 50)), "p95": float(np.percentile(cpu, 95))},
        "scene_cpu_ms": {
            "p50": float(np.percentile(scene_cpu, 50)),
            "p95": float(np.percentile(scene_cpu, 95)),
        },
        "outcomes": dict(figures.outcomes),
        "faults": dict(figures.faults),
    }


def as_table(rows: dict[str, dict[str, Any]], options: argparse.Namespace) -> Table:
    """The figures for a person, a column for each arrangement."""
    last = options.first + options.seeds - 1
    table = Table(
        title=f"grasp planning by {options.planner}, cell {options.cell}, seeds {options.first} to {last}"
    )
    table.add_column("")
    for name in rows:
        table.add_column(name, justify="right")
    shares = {
        "with_grasp": "visible parts with a grasp",
        "best_sound": "visible parts whose best grasp is sound",
        "any_of_5_sound": "visible parts with a sound one of five",
        "scene_best_sound": "scenes whose best grasp is sound",
    }
    times = {
        "plan_ms": "plan a part, ms, p50 / p95",
        "plan_cpu_ms": "the same, processor time",
        "scene_cpu_ms": "plan a scene, processor time",
    }
    for key, words in {"parts": "visible parts", "extra_segments": "segments that are no whole part"}.items():
        table.add_row(words, *(str(row[key]) for row in rows.values()))
    for key, words in shares.items():
        table.add_row(words, *(f"{row[key]:.1%}" for row in rows.values()))
    for key, words in times.items():
        table.add_row(words, *(f"{row[key]['p50']:.0f} / {row[key]['p95']:.0f}" for row in rows.values()))
    for key, words in {"outcomes": "planned: ", "faults": "best grasp "}.items():
        for kind in sorted({kind for row in rows.values() for kind in row[key]}):
            table.add_row(words + kind, *(str(row[key].get(kind, 0)) for row in rows.values()))
    return table


if __name__ == "__main__":
    main()
