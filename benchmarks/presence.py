"""Presence by the depth camera: how soon a forearm that reaches into the work area is seen, and how often
somebody is seen who is not there.

Protocol: lab-presence-1. Entries: seeds FIRST..FIRST+N-1 of config/scenes/scattered.yaml in the simulated
cell with the look and noise of its stereo camera; the arm at home, moved in each joint by up to 0.25 rad;
the parts that perception finds in an image before are known. A forearm with a hand, 9 cm thick and 45 cm
long, comes in straight from the front, the left or the right, 6 to 20 cm above the table, at 0.5 to 1.6
m/s, and stays when its fingers are in the middle. Images come at the camera's rate with a random phase.
Time counts from the moment when the fingers are 10 cm inside the work area, to the end of the work on the
first image that shows somebody (the work is measured on this machine; messages are not). The same scenes
without a forearm are judged too. Live: cells clear tables with presence:=true for some minutes, nobody is
there; each answer that says so is a false alarm. Pictures are those of our own renderer; no human being was
filmed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from _labelled_scenes import RENDERER, area_of
from lab_core.geometry import FloatArray, make_transform, rotation_about
from lab_description import Cell, load_cell
from lab_perception.detector import DETECTORS
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_perception.presence import Presence
from lab_simulation.mujoco.simulation import EntityState, Simulation
from lab_simulation.scenes.drawing import make_scene
from lab_simulation.scenes.parts import Part, Piece
from lab_simulation.scenes.scene_file import load_scene_file

LENGTH, INSIDE, MIDDLE, LIMIT = 0.45, 0.10, 0.22, 0.15
"""Of the forearm; of its fingers inside the border when time counts, and when it stays, metres; seconds
within which it is to be seen."""


def forearm() -> Part:
    """Along x, its fingers at +LENGTH/2: a sleeve and a flat hand."""
    along = make_transform(rotation_about([0.0, 1.0, 0.0], 0.5 * np.pi), [-0.09, 0.0, 0.0])
    sleeve = Piece("cylinder", (0.045, 0.135, 0.0), along)
    hand = Piece("box", (0.09, 0.045, 0.016), make_transform(np.eye(3), [0.135, 0.0, 0.0]))
    return Part("forearm", "forearm", (sleeve, hand), "plastic", "pink", (0.85, 0.62, 0.5), 1.5)


def way(cell: Cell, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, float]:
    """Direction (3,) of the forearm, where its fingers cross the border of the work area (3,), its speed."""
    lower, upper = cell.workspace.lower, cell.workspace.upper
    height = cell.table_height + rng.uniform(0.06, 0.20)
    middle = 0.5 * (lower + upper) + rng.uniform(-0.08, 0.08, 3)
    side = rng.integers(3)
    direction = np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]][side])
    border = middle.copy()
    border[0 if side == 0 else 1] = [upper[0], lower[1], upper[1]][side]
    border[2] = height
    return direction, border, float(rng.uniform(0.5, 1.6))


class Bench:
    """One cell and what looks at it."""

    def __init__(self, name: str) -> None:
        self.cell = load_cell(name)
        self.presence = Presence(self.cell)
        self.camera, self.place = self.cell.camera.pinhole, self.cell.camera.base_from_camera
        detector = DETECTORS.make("geometric").plugin
        self._parameters, self._detector = PerceptionParameters(cell=name), detector

    def look(self, simulation: Simulation, known: Any) -> tuple[float, float]:
        """Distance of somebody, and seconds of work."""
        depth = simulation.frame().depth
        began = time.perf_counter()
        seen = self.presence.look(depth, self.camera, self.place, self._positions(simulation), known)
        return seen.distance, time.perf_counter() - began

    def _positions(self, simulation: Simulation) -> dict[str, float]:
        joints = simulation.joints()
        return dict(zip(joints.names, map(float, joints.position), strict=True))

    def known(self, simulation: Simulation) -> Any:
        """Boxes of the parts that perception finds."""
        perception = Perception.of(self.cell, self._parameters, self._detector)
        frame = simulation.frame()
        seen = perception.frame(
            frame.colour, frame.depth, self.camera, self.place, 1, self._positions(simulation)
        )
        return [part.box for part in perception.perceive(seen).objects if not part.truncated]

    def entry(self, seed: int) -> dict[str, Any]:
        """One entry."""
        rng = np.random.default_rng([seed, 77])
        scene = make_scene(load_scene_file("scattered"), seed, area_of(self.cell), 8)
        simulation = Simulation(self.cell, scene, seed, RENDERER)
        try:
            home = self.cell.robot.configuration("home")
            arm = home + rng.uniform(-0.25, 0.25, len(home))
            simulation.put_robot(arm)
            known = self.known(simulation)
            empty = self.look(simulation, known)[0]
            direction, border, speed = way(self.cell, rng)
            simulation.spawn(forearm(), self._at(direction, border - 0.5 * direction))
            period = 1.0 / self.cell.camera.model.rate
            begin = -0.3 - rng.uniform(0.0, period)  # seconds before the fingers are INSIDE
            for number in range(60):
                now = begin + number * period
                depth = min(INSIDE + speed * now, MIDDLE)
                pose = self._at(direction, border + depth * direction)
                simulation.move_entity("forearm", EntityState(pose, np.zeros(3), np.zeros(3)))
                simulation.put_robot(arm)  # which brings the picture up to date too
                distance, work = self.look(simulation, known)
                if math.isfinite(distance):
                    return {
                        "seconds": max(0.0, now + work),
                        "work": work,
                        "distance": distance,
                        "empty": empty,
                    }
            return {"seconds": math.inf, "work": math.nan, "distance": math.inf, "empty": empty}
        finally:
            simulation.close()

    def _at(self, direction: FloatArray, fingers: FloatArray) -> FloatArray:
        """(4, 4) base_from_forearm with its fingers at a place."""
        turn = rotation_about([0.0, 0.0, 1.0], math.atan2(direction[1], direction[0]))
        return make_transform(turn, fingers - 0.5 * LENGTH * direction)


def live(minutes: float, seed: int, console: Console) -> dict[str, Any]:
    """False alarms of cells that work."""
    from sensor_msgs.msg import Range

    from _cell_run import ROOT, running_cell
    from cell_client import clearing
    from lab_node.qos import SENSOR

    seconds, answers, alarms, stops = 0.0, 0, [], 0
    while seconds < 60.0 * minutes:
        seed += 1
        arguments = {"presence": "true", "parts": "12", "seed": str(seed), "record": "none"}
        with (
            tempfile.TemporaryDirectory() as folder,
            running_cell(ROOT / "launch" / "cell.launch.py", arguments, Path(folder) / "log") as (_, cell),
        ):
            heard: list[float] = []
            cell.node.create_subscription(
                Range, "/presence/distance", lambda m, h=heard: h.append(m.range), SENSOR
            )
            cell.until(lambda h=heard: h, 60.0, "answer of the presence node")
            began = time.monotonic()
            outcome = cell.ask("/run_order", clearing(), timeout=600.0).outcome
            seconds += time.monotonic() - began
            answers += len(heard)
            alarms += [value for value in heard if math.isfinite(value)]
            stops += "presence" in outcome.message
            console.print(f"{seconds:.0f} s, {answers} answers, {len(alarms)} alarms, {outcome.message!r}")
    return {"seconds": seconds, "answers": answers, "alarms": len(alarms), "stops": stops}


def main() -> int:
    """Exit code 1 when somebody was seen too late."""
    parser = argparse.ArgumentParser(prog="lab bench presence", description=__doc__)
    parser.add_argument("--entries", type=int, default=100, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--minutes", type=float, default=0.0, metavar="M", help="of live cells; 0: none")
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    console, bench = Console(), Bench(options.cell)
    found = [bench.entry(seed) for seed in range(options.first, options.first + options.entries)]
    seconds = np.array([each["seconds"] for each in found])
    results: dict[str, Any] = {
        "protocol": " ".join((__doc__ or "").split()),
        "entries": len(found),
        "seen_in_time": int((seconds <= LIMIT).sum()),
        "seconds": {"median": float(np.median(seconds)), "largest": float(seconds.max())},
        "work_ms": {
            "median": 1e3 * float(np.nanmedian([each["work"] for each in found])),
            "p95": 1e3 * float(np.nanpercentile([each["work"] for each in found], 95)),
        },
        "alarms_without_anybody": sum(math.isfinite(each["empty"]) for each in found),
    }
    console.print(results)
    if options.minutes:
        results["live"] = live(options.minutes, options.first, console)
    if options.out:
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 1 if results["seen_in_time"] < len(found) else 0


if __name__ == "__main__":
    sys.exit(main())
