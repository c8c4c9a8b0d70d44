"""Motion planning for picks in a cell: how often it succeeds, how long it takes, how long the motions take.

Protocol lab-pick-motions-1: for each seed, 10 boxes of 20 to 70 mm lie at random in the work area; each in
turn is picked and placed. A pick has six grasps from above, turned and tilted by up to 20 degrees at random,
at half the height of the box. Segments, as the motion node plans them: `reach` (inverse kinematics, straight
approach, way out and free motion, over grasps until one succeeds), `lift`, `carry` (free motion to the tray
and lowering), `retreat`. The arm goes on from where the last motion ended. Every trajectory is judged by
lab_motion.testing.world, which shares no code with the planner: overlaps at steps of 0.01 rad count as
failed. Time is that of this process on this machine; CPU time says what an idle machine would take.

With --problems the planners solve problem sets of MotionBenchMaker instead: see _planning_problems.py.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _planning_problems import run as run_problems
from lab_core.errors import ConfigurationError
from lab_core.geometry import FloatArray, OrientedBox, make_transform, rotation_about
from lab_core.scene import Part
from lab_description import Cell, load_cell
from lab_motion.errors import MotionError
from lab_motion.planning.port import (
    PLANNERS,
    Contacts,
    MotionOptions,
    MotionPlanner,
    PlanningScene,
    Trajectory,
)
from lab_motion.planning.warm_up import warm_up
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.reach import Reach, Target, plan_reach, shifted
from lab_motion.testing.world import ContractWorld

T = TypeVar("T")
OBJECTS = 10
GRASPS = 6
APPROACH, LIFT, LOWER, RETREAT = 0.08, 0.10, 0.06, 0.08
STRAIGHT_SPEED = 0.5
SEGMENTS = ("reach", "lift", "carry", "retreat")


class Measurements:
    """Times and failures by segment, motions by name."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {name: [] for name in SEGMENTS}
        self.cpu: dict[str, list[float]] = {name: [] for name in SEGMENTS}
        self.failures: dict[str, Counter[str]] = {name: Counter() for name in SEGMENTS}
        self.durations: dict[str, list[float]] = {}
        self.overlaps: list[str] = []

    def plan(self, segment: str, work: Callable[[], T]) -> T | None:
        """What the work answers; None when it raises a MotionError. Counts both."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return work()
        except MotionError as error:
            self.failures[segment][type(error).__name__] += 1
            return None
        finally:
            self.wall[segment].append(time.perf_counter() - wall)
            self.cpu[segment].append(time.process_time() - cpu)

    def judge(
        self, world: ContractWorld, scene: PlanningScene, contacts: Contacts, **motions: Trajectory
    ) -> None:
        """Look at motions with a second pair of eyes."""
        world.set_scene(scene, contacts)
        for name, motion in motions.items():
            self.durations.setdefault(name, []).append(motion.duration)
            overlap = world.overlap(motion)
            if overlap:
                self.overlaps.append(f"{name}: {overlap}")


def random_scene(cell: Cell, random: np.random.Generator) -> list[Part]:
    """Boxes that lie apart in the work area."""
    lower, upper = cell.workspace.lower, cell.workspace.upper
    bodies: list[Part] = []
    while len(bodies) < OBJECTS:
        size = random.uniform(0.02, 0.07, 3)
        place = np.append(
            random.uniform(lower[:2] + 0.03, upper[:2] - 0.03), cell.table_height + 0.5 * size[2]
        )
        if all(np.linalg.norm(place[:2] - body.box.centre[:2]) > 0.075 for body in bodies):
            turn = rotation_about([0.0, 0.0, 1.0], random.uniform(0.0, np.pi))
            bodies.append(Part(f"box {len(bodies)}", OrientedBox(make_transform(turn, place), size)))
    return bodies


def random_grasps(box: OrientedBox, random: np.random.Generator) -> list[FloatArray]:
    """(4, 4) base_from_tcp, closing along one of the box's horizontal edges."""
    grasps = []
    for index in range(GRASPS):
        turn = rotation_about([0.0, 0.0, 1.0], 0.5 * np.pi * (index % 2))
        tilt = rotation_about([0.0, 1.0, 0.0], random.uniform(-0.35, 0.35))
        down = np.diag([1.0, -1.0, -1.0])
        rotation = box.frame_from_box[:3, :3] @ turn @ tilt @ down
        grasps.append(
            make_transform(rotation, shifted(box.frame_from_box, np.array([0.0, 0.0, 0.01]))[:3, 3])
        )
    return grasps


class Picks:
    """Carries out the protocol on one planner."""

    def __init__(self, cell: Cell, planner: MotionPlanner) -> None:
        self._cell = cell
        self._planner = planner
        self._world = ContractWorld(cell)
        self._furniture = frozenset(box.link for box in cell.furniture)
        self.found = Measurements()
        self.whole = 0
        self.tried = 0

    def run(self, seed: int) -> None:
        """All boxes of one scene."""
        random = np.random.default_rng(seed)
        bodies = random_scene(self._cell, random)
        start = self._cell.robot.configuration("home")
        for body in list(bodies):
            self.tried += 1
            end = self._pick_and_place(start, bodies, body, random_grasps(body.box, random), seed)
            if end is None:
                start = self._cell.robot.configuration("home")
            else:
                self.whole += 1
                start = end
                bodies.remove(body)

    def _pick_and_place(
        self, start: FloatArray, bodies: Sequence[Part], body: Part, grasps: Sequence[FloatArray], seed: int
    ) -> FloatArray | None:
        planner, found = self._planner, self.found
        free = MotionOptions(seed=seed)
        straight = replace(free, tcp_speed=STRAIGHT_SPEED)
        opening = min(self._cell.gripper.maximum_opening, float(body.box.size.max()) + 0.015)
        scene = PlanningScene(tuple(bodies), None, opening)
        around = frozenset(other.id for other in bodies) | self._furniture
        touch = Contacts(hand=frozenset([body.id]))
        out = Contacts(hand=around, held=around)
        targets = [
            Target((g, _turned(g)), scene, -APPROACH * g[:3, 2], np.array([0.0, 0.0, LIFT]), touch, out)
            for g in grasps
        ]
        reach = found.plan("reach", lambda: plan_reach(planner, start, targets, free, straight))
        if reach is None:
            return None
        found.judge(self._world, scene, Contacts(), move=reach.move)
        found.judge(self._world, scene, touch, approach=reach.approach)

        holding = scene.attach(body.id, reach.base_from_tcp)
        planner.update_scene(holding)
        at, above = reach.approach.positions[-1], shifted(reach.base_from_tcp, np.array([0.0, 0.0, LIFT]))
        lift = found.plan("lift", lambda: planner.plan_straight(at, above, replace(straight, contacts=out)))
        if lift is None or holding.held is None:
            return None
        found.judge(self._world, holding, out, lift=lift)
        return self._place(lift.positions[-1], holding, holding.held, free, straight)

    def _place(
        self,
        start: FloatArray,
        holding: PlanningScene,
        held: Part,
        free: MotionOptions,
        straight: MotionOptions,
    ) -> FloatArray | None:
        planner, found = self._planner, self.found
        name = next(iter(self._cell.destinations))
        inside = Contacts(hand=frozenset([name]), held=frozenset([name]))

        def carry() -> Reach:
            places = Destinations(self._cell.destinations).places(
                name, planner.forward(start), held.box, 0.005, 0.02
            )
            above = np.array([0.0, 0.0, LOWER])
            targets = [Target(place.poses, holding, above, None, inside, inside) for place in places]
            return plan_reach(planner, start, targets, free, straight)

        reach = found.plan("carry", carry)
        if reach is None:
            return None
        found.judge(self._world, holding, Contacts(), move_held=reach.move)
        found.judge(self._world, holding, inside, lower=reach.approach)
        let_go = replace(holding.detach(reach.base_from_tcp), opening=self._cell.gripper.maximum_opening)
        planner.update_scene(let_go)
        back = Contacts(hand=frozenset([name, held.id]))
        at = reach.approach.positions[-1]
        away = shifted(reach.base_from_tcp, -RETREAT * reach.base_from_tcp[:3, 2])
        retreat = found.plan(
            "retreat", lambda: planner.plan_straight(at, away, replace(straight, contacts=back))
        )
        if retreat is None:
            return None
        found.judge(self._world, let_go, back, retreat=retreat)
        return retreat.positions[-1]


def _turned(pose: FloatArray) -> FloatArray:
    """The other way to hold the same."""
    return pose @ make_transform(rotation_about([0.0, 0.0, 1.0], np.pi), np.zeros(3))


def percentiles(values: Sequence[float], unit: float = 1.0) -> dict[str, float]:
    """p50 and p95."""
    return {
        f"p{p}": float(np.percentile(values, p) * unit) if len(values) else float("nan") for p in (50, 95)
    }


def as_table(title: str, figures: dict[str, Any]) -> Table:
    """The figures for a person."""
    table = Table(title=title)
    for heading in ("segment", "planned", "failed", "wall p50 ms", "p95", "CPU p50 ms", "p95", "failures"):
        table.add_column(heading, justify="left" if heading in ("segment", "failures") else "right")
    for name in SEGMENTS:
        row = figures["segments"][name]
        table.add_row(
            name,
            str(row["planned"]),
            str(row["failed"]),
            *(f"{row[clock][p]:.0f}" for clock in ("wall_ms", "cpu_ms") for p in ("p50", "p95")),
            ", ".join(f"{count} {kind}" for kind, count in row["failures"].items()),
        )
    return table


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument(
        "--planner", nargs="+", default=["embedded"], help="one; with --problems also several"
    )
    parser.add_argument("--seeds", type=int, default=10, help="scenes")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--problems", type=Path, help="folder with problem sets of MotionBenchMaker")
    parser.add_argument("--every", type=int, default=1, help="of the problems, only every N-th of a set")
    options = parser.parse_args()

    console = Console()
    if options.problems:
        try:
            run_problems(options.problems, options.planner, options.every, options.first, options.out)
        except ConfigurationError as error:
            parser.error(str(error))
        return
    if len(options.planner) > 1:
        parser.error("argument --planner: several planners need --problems")
    (name,) = options.planner
    cell = load_cell(options.cell)
    planner = PLANNERS.make(name, cell).plugin
    warm_up(planner, cell.robot.configuration("home"))
    picks = Picks(cell, planner)
    for seed in track(
        range(options.first, options.first + options.seeds), "scenes", console=console, transient=True
    ):
        picks.run(seed)
    found = picks.found
    figures = {
        "picks": picks.tried,
        "planned_as_a_whole": picks.whole / picks.tried,
        "segments": {
            name: {
                "planned": len(found.wall[name]) - sum(found.failures[name].values()),
                "failed": sum(found.failures[name].values()),
                "failures": dict(found.failures[name]),
                "wall_ms": percentiles(found.wall[name], 1e3),
                "cpu_ms": percentiles(found.cpu[name], 1e3),
            }
            for name in SEGMENTS
        },
        "duration_s": {name: percentiles(values) for name, values in found.durations.items()},
        "trajectories": sum(len(values) for values in found.durations.values()),
        "overlaps": found.overlaps,
    }
    seeds = f"seeds {options.first} to {options.first + options.seeds - 1}"
    console.print(as_table(f"lab-pick-motions-1, planner {name}, cell {options.cell}, {seeds}", figures))
    console.print(
        f"{picks.whole} of {picks.tried} picks planned as a whole; "
        f"{len(found.overlaps)} of {figures['trajectories']} trajectories overlap something"
    )
    times = ", ".join(f"{name} {value['p50']:.2f}" for name, value in figures["duration_s"].items())
    console.print(f"motion time p50, s: {times}")
    if options.out:
        report = {
            "benchmark": "motion_planning",
            "protocol": " ".join((__doc__ or "").split("Protocol ")[1].split("\n\n")[0].split()),
            "cell": options.cell,
            "planner": name,
            "seeds": [options.first, options.first + options.seeds - 1],
            "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
            "results": figures,
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        console.print(f"written to {options.out}")


if __name__ == "__main__":
    main()
