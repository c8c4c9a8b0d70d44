"""Protocol lab-doctor-1: a sound cell in simulation, then 39 things put wrong one after another.

Variables and files are spoilt as a user would, nodes are stopped, hung and doubled, topics, frames and clocks
tampered with, all in or beside a running cell, and each is examined. A misconfiguration counts as found when
the check that is meant for it speaks; what else speaks is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from geometry_msgs.msg import TransformStamped
from lab_interfaces.msg import Scene
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rich.console import Console
from rich.table import Table
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState
from simulation_interfaces.msg import SimulationState
from simulation_interfaces.srv import SetSimulationState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from tf2_ros import StaticTransformBroadcaster

from lab_bringup.shared_memory import remove_unused
from lab_console.cell_process import CellProcess
from lab_core.errors import DeadlineError
from lab_description import config_directory
from lab_doctor.collect import collect_configuration, collect_environment, collect_machine
from lab_doctor.examine import examine
from lab_doctor.ros_graph import Examiner
from lab_doctor.snapshot import Graph, Snapshot
from lab_node.actions import wait_for
from lab_node.qos import LATCHED

DOMAIN, CELL = 73, "ur5e_table"
LISTEN = 2.0


class Bench:
    """The running cell, a node that tampers with it, and a copy of the configuration."""

    def __init__(self, folder: Path) -> None:
        self.config = Path(shutil.copytree(config_directory(), folder / "config", symlinks=False))
        self.node = Node("lab_saboteur")
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        threading.Thread(target=self._executor.spin, daemon=True).start()
        self.variables = dict(os.environ)
        self.cell = str(self.config / "cells" / f"{CELL}.yaml")

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Asked again: an answer to a client that its server has not discovered yet is lost."""
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(120.0), name
        for _ in range(12):
            with contextlib.suppress(DeadlineError):
                answer = wait_for(client.call_async(request), 5.0, name)
                break
        else:
            raise DeadlineError(f"{name} does not answer")
        self.node.destroy_client(client)
        return answer

    def graph(self) -> Graph:
        configuration = collect_configuration(self.cell, self.config)
        examiner = Examiner(configuration.nodes)
        try:
            assert examiner.present(10.0)
            return examiner.graph(configuration, LISTEN, allowed=["lab_saboteur"])
        finally:
            examiner.close()

    def findings(self, graph: Graph | None) -> list[str]:
        workspace = Path(self.variables["LAB_WORKSPACE"])
        snapshot = Snapshot(
            collect_machine(workspace / "environment" / "requirements.lock", Path()),
            collect_environment(self.variables, DOMAIN),
            collect_configuration(self.cell, self.config),
            graph=graph,
        )
        return [finding.check for found in examine(snapshot).values() for finding in found]


@dataclass(frozen=True)
class Misconfiguration:
    """live: the graph has to be looked at again."""

    name: str
    check: str
    seed: Callable[[Bench], contextlib.AbstractContextManager[None]]
    live: bool = False


@contextlib.contextmanager
def variable(bench: Bench, name: str, value: str | None) -> Iterator[None]:
    old = dict(bench.variables)
    bench.variables.pop(name, None)
    if value is not None:
        bench.variables[name] = value
    yield
    bench.variables = old


@contextlib.contextmanager
def spoilt(bench: Bench, file: str, old: str, new: str) -> Iterator[None]:
    path = bench.config / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old}"
    path.unlink()  # installed files are links to the sources
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    yield
    path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def publisher(bench: Bench, kind: Any, topic: str, message: Any = None) -> Iterator[None]:
    made = bench.node.create_publisher(kind, topic, 10)
    timer = bench.node.create_timer(0.1, lambda: message is None or made.publish(message))
    yield
    bench.node.destroy_timer(timer)
    bench.node.destroy_publisher(made)


@contextlib.contextmanager
def listener(bench: Bench, kind: Any, topic: str, qos: QoSProfile) -> Iterator[None]:
    made = bench.node.create_subscription(kind, topic, lambda message: None, qos)
    yield
    bench.node.destroy_subscription(made)


@contextlib.contextmanager
def another_node(bench: Bench, name: str) -> Iterator[None]:
    node = Node(name)
    yield
    node.destroy_node()


@contextlib.contextmanager
def inactive(bench: Bench, node: str) -> Iterator[None]:
    def change(transition: int, then: str) -> None:
        request = ChangeState.Request(transition=Transition(id=transition))
        bench.call(ChangeState, f"/{node}/change_state", request)
        state = bench.call(GetState, f"/{node}/get_state", GetState.Request()).current_state.label
        assert state == then, f"{node} is {state}"

    change(Transition.TRANSITION_DEACTIVATE, "inactive")
    yield
    change(Transition.TRANSITION_ACTIVATE, "active")


@contextlib.contextmanager
def paused(bench: Bench) -> Iterator[None]:
    def set_state(state: int) -> None:
        request = SetSimulationState.Request(state=SimulationState(state=state))
        bench.call(SetSimulationState, "/simulator/set_simulation_state", request)

    set_state(SimulationState.STATE_PAUSED)
    yield
    set_state(SimulationState.STATE_PLAYING)


@contextlib.contextmanager
def halted(bench: Bench, executable: str) -> Iterator[None]:
    processes = [p for p in collect_machine(None, Path()).processes if p.domain == DOMAIN]
    pid = next(process.pid for process in processes if process.name == executable)
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def stopped(bench: Bench) -> Iterator[None]:
    assert bench.call(Trigger, "/cell/stop", Trigger.Request()).success
    yield
    assert bench.call(Trigger, "/cell/reset", Trigger.Request()).success


@contextlib.contextmanager
def changed(bench: Bench, node: str, name: str, value: Any, back: Any) -> Iterator[None]:
    def change(to: Any) -> None:
        parameter = Parameter(name, value=to).to_parameter_msg()
        bench.call(SetParameters, f"/{node}/set_parameters", SetParameters.Request(parameters=[parameter]))

    change(value)
    yield
    change(back)


@contextlib.contextmanager
def stop_button(bench: Bench) -> Iterator[None]:
    with changed(bench, "stop", "hardware_topic", "/estop", ""):
        yield


@contextlib.contextmanager
def silent_stop_button(bench: Bench) -> Iterator[None]:
    with stop_button(bench), publisher(bench, Bool, "/estop"):
        yield


@contextlib.contextmanager
def second_parent(bench: Bench) -> Iterator[None]:
    transform = TransformStamped(child_frame_id="camera_link")
    transform.header.frame_id = "world"
    broadcaster = StaticTransformBroadcaster(bench.node)
    broadcaster.sendTransform(transform)
    yield
    bench.node.destroy_publisher(broadcaster.pub_tf)


@contextlib.contextmanager
def stale_memory(bench: Bench) -> Iterator[None]:
    files = [Path("/dev/shm") / f"fastrtps_lab_bench{ending}" for ending in ("", "_el")]
    for file in files:
        file.touch()
    yield
    for file in files:
        file.unlink()


def _variable(name: str, value: str | None) -> Callable[[Bench], Any]:
    return lambda bench: variable(bench, name, value)


def _spoilt(file: str, old: str, new: str) -> Callable[[Bench], Any]:
    return lambda bench: spoilt(bench, file, old, new)


CELL_FILE, CAMERA_FILE = f"cells/{CELL}.yaml", "cameras/d435.yaml"
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
RELIABLE_IMAGES = QoSProfile(depth=5)
MISCONFIGURATIONS = [
    Misconfiguration("ROS 2 not sourced", "distribution", _variable("ROS_DISTRO", None)),
    Misconfiguration(
        "Humble beside it", "mixed-distributions", _variable("AMENT_PREFIX_PATH", "/opt/ros/humble")
    ),
    Misconfiguration(
        "middleware missing", "middleware", _variable("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")
    ),
    Misconfiguration("domain 300", "domain", _variable("ROS_DOMAIN_ID", "300")),
    Misconfiguration("discovery off", "discovery-off", _variable("ROS_AUTOMATIC_DISCOVERY_RANGE", "OFF")),
    Misconfiguration("discovery open", "discovery-open", _variable("ROS_AUTOMATIC_DISCOVERY_RANGE", None)),
    Misconfiguration("deprecated variable", "localhost-only", _variable("ROS_LOCALHOST_ONLY", "1")),
    Misconfiguration("peer out of reach", "static-peers", _variable("ROS_STATIC_PEERS", "192.168.7.9")),
    Misconfiguration("no transport profile", "transport-profile", _variable(PROFILE, None)),
    Misconfiguration("profile missing", "transport-profile", _variable(PROFILE, "/nowhere/fastdds.xml")),
    Misconfiguration(
        "second transport", "builtin-transports", _variable("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
    ),
    Misconfiguration("security without keys", "keystore", _variable("ROS_SECURITY_ENABLE", "true")),
    Misconfiguration("misspelt key", "cell", _spoilt(CELL_FILE, "table_height", "tabel_height")),
    Misconfiguration("millimetres", "cell", _spoilt(CELL_FILE, "maximum: 0.70", "maximum: 700")),
    Misconfiguration(
        "tray out of reach", "reach", _spoilt(CELL_FILE, "[0.05, 0.50, 0.0]", "[0.05, 1.50, 0.0]")
    ),
    Misconfiguration(
        "workspace out of view", "camera-view", _spoilt(CELL_FILE, "minimum: -0.22", "minimum: -0.6")
    ),
    Misconfiguration(
        "furniture moved", "collision-matrix", _spoilt(CELL_FILE, "[1.02, 0.0, -0.03]", "[1.08, 0.0, -0.03]")
    ),
    Misconfiguration(
        "misspelt parameter",
        "parameters",
        _spoilt("nodes.yaml", "ros__parameters: {}", "ros__parameters: {sped: 1.0}"),
    ),
    Misconfiguration(
        "policy without sense",
        "parameters",
        _spoilt("tasks/standard.yaml", "UNAVAILABLE: wait", "UNAVAILABLE: panic"),
    ),
    Misconfiguration("left-over shared memory", "leftover-memory", stale_memory),
    Misconfiguration(
        "intrinsics of another camera", "intrinsics", _spoilt(CAMERA_FILE, "fx: 616.8", "fx: 605.2"), True
    ),
    Misconfiguration(
        "camera pose not as in tf",
        "tf-camera",
        _spoilt(CELL_FILE, "[0.82, 0.015, 0.63]", "[0.82, 0.025, 0.63]"),
        True,
    ),
    Misconfiguration(
        "two sources of joint states",
        "topic-twice",
        lambda b: publisher(b, JointState, "/joint_states"),
        True,
    ),
    Misconfiguration(
        "two sources of camera_info",
        "topic-twice",
        lambda b: publisher(b, CameraInfo, "/camera/color/camera_info"),
        True,
    ),
    Misconfiguration("second clock", "clock-twice", lambda b: publisher(b, Clock, "/clock"), True),
    Misconfiguration("other type on a topic", "type", lambda b: publisher(b, String, "/task/status"), True),
    Misconfiguration(
        "reliable listener to images",
        "qos",
        lambda b: listener(b, Image, "/camera/color/image_raw", RELIABLE_IMAGES),
        True,
    ),
    Misconfiguration(
        "latched listener to scenes", "qos", lambda b: listener(b, Scene, "/scene/objects", LATCHED), True
    ),
    Misconfiguration("frame with two parents", "tf-parents", second_parent, True),
    Misconfiguration("foreign node", "strangers", lambda b: another_node(b, "turtlesim"), True),
    Misconfiguration("second task node", "node-twice", lambda b: another_node(b, "tasks"), True),
    Misconfiguration("node not active", "node-state", lambda b: inactive(b, "grasping"), True),
    Misconfiguration(
        "node on wall time", "use-sim-time", lambda b: changed(b, "tasks", "use_sim_time", False, True), True
    ),
    # the others are killed and started again when they hang for long
    Misconfiguration("node hangs", "node-silent", lambda b: halted(b, "stop_node"), True),
    Misconfiguration(
        "lifecycle manager hangs", "node-silent", lambda b: halted(b, "lifecycle_manager"), True
    ),
    Misconfiguration("cell stopped", "stopped", stopped, True),
    Misconfiguration("stop button not there", "stop-input", stop_button, True),
    Misconfiguration("stop button that sends nothing", "stop-input", silent_stop_button, True),
    Misconfiguration("simulation paused", "clock-stands", paused, True),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="lab bench doctor", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args()
    os.environ["ROS_DOMAIN_ID"] = str(DOMAIN)
    remove_unused(DOMAIN)  # what killed processes have left would be found, rightly
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, CellProcess({"record": "none"}, Path(folder) / "log"):
        rclpy.init()
        bench = Bench(Path(folder))
        end = time.monotonic() + 180.0
        while not bench.call(Trigger, "/lifecycle_manager/is_active", Trigger.Request()).success:
            assert time.monotonic() < end, "the cell did not come up"
        sound_graph = bench.graph()
        sound = bench.findings(sound_graph)
        for case in MISCONFIGURATIONS:
            with case.seed(bench):
                found = bench.findings(bench.graph() if case.live else sound_graph)
            new = sorted(set(found) - set(sound))
            rows.append({"name": case.name, "check": case.check, "found": case.check in found, "says": new})
        bench.close()
        rclpy.try_shutdown()
    table = Table(title="lab-doctor-1")
    for column in ("put wrong", "check", "found", "what else speaks"):
        table.add_column(column)
    for row in rows:
        others = ", ".join(name for name in row["says"] if name != row["check"])
        table.add_row(row["name"], row["check"], "yes" if row["found"] else "NO", others)
    console = Console()
    console.print(table)
    count = sum(row["found"] for row in rows)
    console.print(f"{count} of {len(rows)} found; on the sound cell: {', '.join(sound) or 'no finding'}")
    if options.out is not None:
        content = {"protocol": "lab-doctor-1", "found": count, "of": len(rows), "sound": sound, "rows": rows}
        options.out.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return 0 if count == len(rows) and not sound else 1


if __name__ == "__main__":
    sys.exit(main())
