"""A package from outside of this repository: its node is one of the cell, without a change in it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from std_msgs.msg import Int32
from std_srvs.srv import Trigger

from cell_run import ROOT, running_cell, wall_wait
from lab_node.qos import LATCHED
from lab_recorder.mcap_file import read_mcap
from lab_security.__main__ import main as create_keystore

DOMAIN = "45"
FILES = {
    "package.xml": """<?xml version="1.0"?>
<package format="3">
  <name>scene_counter</name>
  <version>0.0.1</version>
  <description>Counts scenes.</description>
  <maintainer email="me@example.com">me</maintainer>
  <license>Apache-2.0</license>
  <exec_depend>lab_node</exec_depend>
  <export><build_type>ament_python</build_type></export>
</package>
""",
    "setup.cfg": "[develop]\nscript_dir=$base/lib/scene_counter\n"
    "[install]\ninstall_scripts=$base/lib/scene_counter\n",
    "resource/scene_counter": "",
    "setup.py": """from setuptools import setup

setup(
    name="scene_counter",
    version="0.0.1",
    packages=["scene_counter"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/scene_counter"]),
        ("share/scene_counter", ["package.xml", "graph.yaml"]),
    ],
    entry_points={"console_scripts": ["counter_node = scene_counter.counter_node:main"]},
)
""",
    "graph.yaml": """topics:
  counter/scenes: {type: std_msgs/msg/Int32, qos: latched}
nodes:
  counter:
    executable: counter_node
    parameters: {step: 2}
    parameter_class: scene_counter.counter_node:CounterParameters
    publish: [counter/scenes]
    subscribe: [scene/objects]
""",
    "scene_counter/__init__.py": "",
    "scene_counter/counter_node.py": '''"""Counts the scenes that perception tells of."""

from dataclasses import dataclass

from std_msgs.msg import Int32

from lab_interfaces.msg import Scene
from lab_node.lifecycle import LabNode, spin
from lab_core.parameters import parameter
from lab_node.qos import LATCHED, RELIABLE


@dataclass(frozen=True)
class CounterParameters:
    cell: str = parameter("ur5e_table", "name or path of the cell")
    step: int = parameter(1, "by which a scene counts", minimum=1)


class CounterNode(LabNode):
    Parameters = CounterParameters

    def __init__(self, **arguments):
        super().__init__("counter", **arguments)

    def configure(self):
        self._scenes, self._active = 0, False
        self._count = self.create_publisher(Int32, "/counter/scenes", LATCHED)
        self.create_subscription(Scene, "/scene/objects", self._take, RELIABLE)

    def activate(self):
        self._active = True

    def deactivate(self):
        self._active = False

    def _take(self, scene):
        if self._active:
            self._scenes += self.parameters.step
            self._count.publish(Int32(data=self._scenes))


def main():
    spin(CounterNode)
''',
}
ORDER = "active: simulator, stop, perception, grasping, motion, tasks, counter, recorder"
# how fast the machine is that runs the tests is not the cell's fault
SLOW = ("load", "topic-slow", "topic-old", "pairs")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package, built as its author would, and sourced."""
    folder = tmp_path_factory.mktemp("workspace")
    for name, text in FILES.items():
        file = folder / "src" / "scene_counter" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    colcon = [sys.executable, "-P", "-W", "ignore", "-m", "colcon", "--log-base", "log", "build"]
    subprocess.run(colcon, cwd=folder, check=True, timeout=120)
    prefix = folder / "install" / "scene_counter"
    (packages,) = prefix.glob("lib/python3*/site-packages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMENT_PREFIX_PATH", str(prefix), prepend=os.pathsep)
        patch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
        patch.setenv("ROS_DOMAIN_ID", DOMAIN)
        yield


def test_a_strangers_node_is_one_of_the_cell(installed, tmp_path):
    record, log = tmp_path / "record", tmp_path / "log"
    arguments = {"look": "plain", "parts": "2", "record": str(record), "extensions": "scene_counter"}
    with running_cell(ROOT / "launch" / "cell.launch.py", arguments, log) as (run, cell):
        assert wall_wait(lambda: ORDER in log.read_text(), 60.0), "they were not brought up in order"
        counts = []
        take = lambda message: counts.append(message.data)  # noqa: E731
        cell.node.create_subscription(Int32, "/counter/scenes", take, LATCHED)
        cell.until(lambda: len(counts) > 2, 60.0, "count of the scenes")
        assert all(count % 2 == 0 for count in counts), "the parameters of its piece did not reach it"
        report = tmp_path / "report.json"
        assert wall_wait(lambda: wrong_by_the_doctor(report) == [], 60.0), report.read_text()

        killed = run.pid("counter")
        os.kill(killed, signal.SIGKILL)
        assert wall_wait(lambda: run.pid("counter") not in (None, killed), 60.0), "it was not started again"
        assert wall_wait(lambda: "active again: counter" in log.read_text(), 60.0), "it was not brought up"
        before = len(counts)
        cell.until(lambda: len(counts) > before, 60.0, "count of the node that was started again")

        answer = cell.call(cell.client(Trigger, "/recorder/save"), Trigger.Request())
        cell.until(Path(answer.message).is_file, 60.0, "ring on the disk")
        assert "/counter/scenes" in {item.topic for item in read_mcap(Path(answer.message))}


def wrong_by_the_doctor(report):
    """Findings about configuration and running cell."""
    command = [sys.executable, "-m", "lab_doctor", "--json", str(report), "--allow", "test_client"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode in (0, 1), said.stderr
    findings = json.loads(report.read_text())["findings"]
    return [
        finding
        for finding in findings
        if finding["area"] not in ("machine", "environment")
        and finding["check"] not in SLOW
        and "too slow" not in finding["what"]
    ]


def test_it_is_given_its_keys(installed, tmp_path):
    assert create_keystore([str(tmp_path / "keys"), "--extensions", "scene_counter"]) == 0
    enclave = tmp_path / "keys" / "enclaves" / "lab" / "counter"
    assert (enclave / "key.pem").is_file()
    allowed = (enclave / "permissions.xml").read_text()
    publish, subscribe = allowed.split("<subscribe>")
    assert "rt/counter/scenes" in publish and "rt/counter/scenes" not in subscribe
    assert "rt/scene/objects" in subscribe and "rt/scene/objects" not in publish
