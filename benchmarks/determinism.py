"""Same seed, same scene, same detections, same grasps, same first plan?

Protocol: the whole cell is started N times with one seed. Of each start are kept the true poses of the parts
at the beginning, the scene that the first part was chosen on, the grasps planned on it and the first
trajectory that the arm was sent. Equal means equal to the last bit of every number.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from lab_interfaces.msg import GraspArray, Outcome, Scene
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rich.console import Console
from rich.table import Table
from simulation_interfaces.srv import GetEntitiesStates
from trajectory_msgs.msg import JointTrajectory

from lab_console.cell_process import CellProcess
from lab_node.actions import wait_for
from lab_node.qos import RELIABLE

# seconds of the wall for one start of the cell until its first motion
LIMIT = 120.0


class FirstSteps(Node):
    """Keeps the beginnings of one run."""

    def __init__(self) -> None:
        super().__init__("determinism")
        self.scenes: dict[tuple[int, int], Scene] = {}
        self.grasps: GraspArray | None = None
        self.trajectory: JointTrajectory | None = None
        self.moved = threading.Event()
        self.create_subscription(Scene, "/scene/objects", self._take_scene, RELIABLE)
        self.create_subscription(GraspArray, "/grasps", self._take_grasps, RELIABLE)
        self.create_subscription(JointTrajectory, "/motion/trajectory", self._take_trajectory, RELIABLE)
        self.states = self.create_client(GetEntitiesStates, "/simulator/get_entities_states")

    def _take_scene(self, scene: Scene) -> None:
        if self.grasps is None:
            self.scenes[scene.header.stamp.sec, scene.header.stamp.nanosec] = scene

    def _take_grasps(self, grasps: GraspArray) -> None:
        if self.grasps is None and grasps.outcome.code == Outcome.SUCCESS:
            self.grasps = grasps

    def _take_trajectory(self, trajectory: JointTrajectory) -> None:
        if self.trajectory is None:
            self.trajectory = trajectory
            self.moved.set()


def first_steps(seed: int, scene: str, parts: int) -> dict[str, str]:
    """Digest of each stage of one start."""
    arguments = {"scene": scene, "seed": str(seed), "parts": str(parts), "order": "clear_table"}
    node, executor = FirstSteps(), SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory() as folder, CellProcess(arguments, Path(folder) / "cell.log") as cell:
        if not node.moved.wait(LIMIT):
            raise RuntimeError(f"the arm was sent nothing within {LIMIT:.0f} s: {cell.complaint()}")
        truth = wait_for(node.states.call_async(GetEntitiesStates.Request()), 10.0, "simulator")
    executor.shutdown()
    thread.join()
    grasps, trajectory = node.grasps, node.trajectory
    node.destroy_node()
    assert grasps is not None and trajectory is not None
    stamp = grasps.header.stamp
    seen = node.scenes[stamp.sec, stamp.nanosec]
    return {
        "true scene": digest([_numbers(state.pose) for state in truth.states]),
        "detections": digest([stamp.sec, stamp.nanosec, *(_numbers(o.box) for o in seen.objects)]),
        "segments": digest([bytes(o.segment.data).hex() for o in seen.objects]),
        "grasps": digest([_numbers(grasp.pose) for grasp in grasps.grasps]),
        "first plan": digest([[list(p.positions), _numbers(p.time_from_start)] for p in trajectory.points]),
    }


def digest(content: list[Any]) -> str:
    """Short name of a list of numbers and strings, exact to the last bit."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def _numbers(message: Any) -> list[float]:
    values: list[float] = []
    for name in message.get_fields_and_field_types():
        value = getattr(message, name)
        values += (
            _numbers(value) if hasattr(value, "get_fields_and_field_types") else np.atleast_1d(value).tolist()
        )
    return values


def main() -> int:
    """Exit code 0 when all starts agree in everything."""
    parser = argparse.ArgumentParser(prog="lab bench determinism", description=__doc__)
    parser.add_argument("--scene", default="scattered")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rclpy.init(signal_handler_options=rclpy.SignalHandlerOptions.NO)
    runs = [first_steps(options.seed, options.scene, options.parts) for _ in range(options.runs)]
    rclpy.try_shutdown()
    table = Table(title=f"{options.scene}, seed {options.seed}, {options.runs} starts")
    for heading in ("stage", "equal", *(f"start {index + 1}" for index in range(options.runs))):
        table.add_column(heading)
    equal = {stage: len({run[stage] for run in runs}) == 1 for stage in runs[0]}
    for stage, same in equal.items():
        table.add_row(stage, "yes" if same else "NO", *(run[stage] for run in runs))
    Console().print(table)
    if options.out:
        result = {"protocol": " ".join(__doc__.split()), "seed": options.seed, "equal": equal, "runs": runs}
        options.out.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0 if all(equal.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
