"""The simulator alone: how fast it runs, what an image costs, how true it moves and holds.

Protocol lab-simulation-1: scene `scattered`, 8 parts, seed 0, the renderer that the simulator chooses here,
both looks. Free running: 20 simulated seconds without images and with images at the camera's rate, the arm
moving all the time. Costs: median of 50 repetitions; CPU time says what an idle machine would take. Tracking:
a quintic of 1 s through more than 1 rad. Holding: a part of each kind (but the wedge, whose sides do not face
each other) is gripped from above with 40 N, lifted, shaken for 4 s, held for 10 s; slip is that of the part
in the hand.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab_simulation.mujoco.rendering import choose_renderer

CHOICE = choose_renderer()  # before MuJoCo is imported

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from lab_core.geometry import invert  # noqa: E402
from lab_description import Cell, load_cell  # noqa: E402
from lab_simulation.look import LOOKS  # noqa: E402
from lab_simulation.mujoco.arm_controller import TrajectoryGoal, TrajectoryOutcome  # noqa: E402
from lab_simulation.mujoco.scripted_hand import Hand  # noqa: E402
from lab_simulation.mujoco.simulation import Simulation  # noqa: E402
from lab_simulation.mujoco.trajectory import Waypoint  # noqa: E402
from lab_simulation.mujoco.world import TIMESTEP  # noqa: E402
from lab_simulation.scenes.catalogue import KINDS  # noqa: E402
from lab_simulation.scenes.drawing import Area, make_scene  # noqa: E402
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile, load_scene_file  # noqa: E402

SIMULATED = 20.0
REPETITIONS = 50
GRIP = 40.0
KINDS_TO_HOLD = sorted(set(KINDS) - {"wedge"})
SWING = 0.05
"""Radians of the shoulder pan joint, to and fro in 0.25 s each, 16 times."""


def cost(work: Callable[[], object]) -> dict[str, float]:
    """Median wall and CPU time of a call, ms."""
    wall, cpu = [], []
    for _ in range(REPETITIONS):
        began, used = time.perf_counter(), time.process_time()
        work()
        wall.append(1e3 * (time.perf_counter() - began))
        cpu.append(1e3 * (time.process_time() - used))
    return {"wall_ms": float(np.median(wall)), "cpu_ms": float(np.median(cpu))}


def free_running(simulation: Simulation, cell: Cell, images: bool) -> dict[str, float]:
    """Real-time factor with the arm always moving, and processor time a simulated second."""
    simulation.reset()
    home = cell.robot.configuration("home")
    targets = (home + np.array([0.6, 0.2, -0.2, 0.0, 0.0, 0.5]), home)
    moves = 0

    def next_move(_: TrajectoryOutcome | None = None) -> None:
        nonlocal moves
        waypoint = Waypoint(1.0, targets[moves % 2], np.zeros(len(home)))
        moves += 1
        simulation.arm.follow(TrajectoryGoal(cell.robot.joint_names, [waypoint]), simulation.time, next_move)

    next_move()
    steps_per_image = round(1.0 / cell.camera.rate / TIMESTEP)
    began, used = time.perf_counter(), time.process_time()
    while simulation.time < SIMULATED:
        simulation.step(steps_per_image)
        if images:
            simulation.frame()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    return {"real_time_factor": SIMULATED / wall, "cpu_seconds_per_second": cpu / SIMULATED, "moves": moves}


def tracking(cell: Cell, area: Area) -> float:
    """Largest distance from the reference in a fast move, rad."""
    simulation = Simulation(cell, make_scene(load_scene_file("empty"), 0, area))
    hand = Hand(simulation)
    hand.go(cell.robot.configuration("home") + np.array([1.1, 0.3, -0.4, 0.2, 0.3, 1.2]), 1.0)
    return hand.tracking_error


def holding(cell: Cell, area: Area, kind: str) -> dict[str, Any]:
    """Slip of a part of a kind in the hand while it is shaken, and while it is held after that, mm."""
    recipe = SceneFile("placed", placed=(PlacedPart(kind, (0.50, 0.05, 0.0)),))
    scene = make_scene(recipe, 0, area)
    simulation = Simulation(cell, scene)
    hand, name = Hand(simulation), scene.parts[0].name
    hand.pick(name, GRIP, opening=0.085)
    if simulation.entity(name).base_from_entity[2, 3] < 0.1:
        return {"kind": kind, "kg": scene.parts[0].mass, "held": False}

    def in_hand() -> Any:
        return (invert(hand.tcp()) @ simulation.entity(name).base_from_entity)[:3, 3]

    lifted, raised = in_hand(), simulation.arm.reference.position.copy()
    for swing in range(16):
        offset = np.zeros(len(raised))
        offset[0] = SWING * (-1) ** swing
        hand.go(raised + offset, 0.25)
    shaken = in_hand()
    simulation.run(10.0)
    held = bool(simulation.entity(name).base_from_entity[2, 3] > 0.1)
    return {
        "kind": kind,
        "kg": scene.parts[0].mass,
        "held": held,
        "shaken_mm": 1e3 * float(np.linalg.norm(shaken - lifted)),
        "creep_mm": 1e3 * float(np.linalg.norm(in_hand() - shaken)),
    }


def measure(cell: Cell, kinds: list[str]) -> dict[str, Any]:
    """All figures."""
    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    scene = make_scene(load_scene_file("scattered"), 0, area, 8)
    figures: dict[str, Any] = {"renderer": CHOICE.renderer}
    for look in LOOKS:
        simulation = Simulation(cell, scene, 0, CHOICE.renderer, look=look)
        simulation.frame()
        noise_free = Simulation(cell, scene, 0, CHOICE.renderer, noise=False, look=look)
        noise_free.frame()
        if look == LOOKS[0]:
            figures["free_running"] = free_running(simulation, cell, images=False)
            figures["step"] = cost(simulation.step)
        figures[f"free_running_with_{look}_images"] = free_running(simulation, cell, images=True)
        figures[f"{look}_image_with_noise"] = cost(simulation.frame)
        figures[f"{look}_image"] = cost(noise_free.frame)
        simulation.close()
        noise_free.close()
    for name, count in (("scattered", 8), ("packed", 8), ("pile", 12)):
        began = time.perf_counter()
        for seed in range(5):
            make_scene(load_scene_file(name), seed, area, count)
        figures[f"scene_{name}_s"] = (time.perf_counter() - began) / 5
    figures["tracking_error_rad"] = tracking(cell, area)
    figures["holding"] = [holding(cell, area, kind) for kind in kinds]
    return figures


def show(figures: dict[str, Any], console: Console) -> None:
    """Print the figures as tables."""
    table = Table(title=f"simulator, {figures['renderer']}")
    for heading in ("what", "figure"):
        table.add_column(heading, justify="right" if heading == "figure" else "left")
    with_images = [(f"free_running_with_{look}_images", f"with {look} images") for look in LOOKS]
    for key, title in (("free_running", "without images"), *with_images):
        run = figures[key]
        table.add_row(f"real-time factor {title}", f"{run['real_time_factor']:.1f}")
        table.add_row(f"CPU of a simulated second {title}", f"{1e3 * run['cpu_seconds_per_second']:.0f} ms")
    images = [f"{look}_image{noise}" for look in LOOKS for noise in ("", "_with_noise")]
    for key in ("step", *images):
        table.add_row(
            f"{key.replace('_', ' ')}, wall (CPU)",
            f"{figures[key]['wall_ms']:.2f} ({figures[key]['cpu_ms']:.2f}) ms",
        )
    for name in ("scattered", "packed", "pile"):
        table.add_row(f"scene {name}", f"{figures[f'scene_{name}_s']:.2f} s")
    table.add_row("tracking error", f"{1e3 * figures['tracking_error_rad']:.2f} mrad")
    console.print(table)
    table = Table(title=f"held with {GRIP:.0f} N: slip, mm")
    for heading in ("kind", "kg", "held", "shaken 4 s", "held 10 s"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for row in figures["holding"]:
        slips = [f"{row[key]:.2f}" if key in row else "-" for key in ("shaken_mm", "creep_mm")]
        table.add_row(row["kind"], f"{row['kg']:.3f}", "yes" if row["held"] else "no", *slips)
    console.print(table)


def main() -> int:
    """Command line; see --help. Exit code 0 when every part was held."""
    parser = argparse.ArgumentParser(prog="lab bench simulation", description=__doc__)
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument("--kinds", nargs="*", default=KINDS_TO_HOLD, help="kinds of parts to hold")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    console = Console()
    if CHOICE.warning:
        console.print(CHOICE.warning, style="yellow")
    figures = measure(load_cell(options.cell), options.kinds)
    show(figures, console)
    if options.out:
        described = {"protocol": " ".join((__doc__ or "").split()), "machine": platform.machine()}
        content = json.dumps({**described, "cores": os.cpu_count(), **figures}, indent=1)
        options.out.write_text(content, encoding="utf-8")
    return 0 if all(row["held"] for row in figures["holding"]) else 1


if __name__ == "__main__":
    sys.exit(main())
