"""A package of each kind, made by `lab new` outside of this repository: they are built, keep the contracts of
their ports, and run together in one cell that names them in its YAML.
"""

import functools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters
from std_msgs.msg import Int32, String
from std_srvs.srv import Trigger

from cell_run import ROOT, running_cell, wall_wait
from doctor_findings import findings
from lab_description import load_cell
from lab_node.qos import LATCHED
from lab_recorder.mcap_file import read_mcap
from lab_security.__main__ import main as create_keystore
from lab_templates.kinds import KINDS
from lab_templates.making import make_package

DOMAIN = "45"
NAMES = {
    "node": "scene_counter",
    "detector": "blobs",
    "grasp_planner": "from_above",
    "motion_planner": "by_points",
    "grip_sensor": "by_width",
    "panel": "put_where",
    "task": "sort_parts",
}
ORDER = "active: simulator, stop, perception, grasping, motion, tasks, scene_counter, sort_parts, recorder"
CELL = """
detector: blobs
blobs: {min_area: 1.5e-4}
grasp_planner: from_above
planner: by_points
by_points: {points: 300}
grip_sensor: by_width
extensions: [scene_counter, sort_parts]
"""
CHOSEN = {
    ("perception", "detector"): "blobs",
    ("perception", "blobs.min_area"): 1.5e-4,
    ("grasping", "planner"): "from_above",
    ("motion", "planner"): "by_points",
    ("motion", "by_points.points"): 300,
    ("motion", "grip_sensor"): "by_width",
}
# how fast the machine is that runs the tests is not the cell's fault; nobody stored the pairs of this cell
EXPECTED = ("load", "topic-slow", "topic-old", "pairs", "collision-matrix")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The packages, built as their authors would, and sourced."""
    folder = tmp_path_factory.mktemp("workspace")
    for kind, name in NAMES.items():
        make_package(kind, name, folder)
    colcon = [sys.executable, "-P", "-W", "ignore", "-m", "colcon", "--log-base", "log", "build"]
    subprocess.run([*colcon, "--paths", *NAMES.values()], cwd=folder, check=True, timeout=300)
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES.values():
            (packages,) = (folder / "install" / name).glob("lib/python3*/site-packages")
            patch.setenv("AMENT_PREFIX_PATH", str(folder / "install" / name), prepend=os.pathsep)
            patch.setenv("PYTHONPATH", str(packages), prepend=os.pathsep)
            patch.syspath_prepend(packages)
        patch.setenv("ROS_DOMAIN_ID", DOMAIN)
        yield folder


@pytest.fixture(scope="module")
def cell_file(workspace):
    """A cell outside of this repository that names all of them."""
    path = workspace / "cells" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(CELL + load_cell("ur5e_table").files["cell"].read_text(encoding="utf-8"))
    return path


def test_there_is_one_of_each_kind():
    assert NAMES.keys() == KINDS.keys()


def test_each_passes_its_tests_and_the_contract_of_its_port(workspace):
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *NAMES.values()]
    fewer = {**os.environ, "LAB_CONTRACT_PROBLEMS": "3"}  # random ones; the cells of the stack are given more
    run = subprocess.run(command, cwd=workspace, env=fewer, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", run.stdout)[1]) > 60, run.stdout[-300:]


def test_all_of_them_work_in_one_cell(workspace, cell_file, tmp_path):
    record, log = tmp_path / "record", tmp_path / "log"
    arguments = {"cell": str(cell_file), "look": "plain", "parts": "2", "record": str(record)}
    with running_cell(ROOT / "launch" / "cell.launch.py", arguments, log) as (run, cell):
        assert wall_wait(lambda: ORDER in log.read_text(), 60.0), "they were not brought up in order"
        counts, states = [], []
        for kind, topic, heard in ((Int32, "parts", counts), (String, "status", states)):
            name = "scene_counter" if kind is Int32 else "sort_parts"
            take = functools.partial(lambda heard, message: heard.append(message.data), heard)
            cell.node.create_subscription(kind, f"/{name}/{topic}", take, LATCHED)
        for (node, parameter), value in CHOSEN.items():
            client = cell.client(GetParameters, f"/{node}/get_parameters")
            (given,) = cell.call(client, GetParameters.Request(names=[parameter])).values
            assert value in (given.string_value, given.double_value, given.integer_value), parameter

        # all at work: what is detected, planned, moved, judged and asked for brings each part to the tray
        cell.until(lambda: states and states[-1].startswith(("done", "ended")), 120.0, "end of the task")
        assert states[-1] == "done: 2 placed, 0 left"
        cell.until(lambda: counts and counts[-1] == 0, 60.0, "empty table")

        sound = lambda found: not any(map(is_wrong, found))  # noqa: E731
        found = findings(tmp_path / "report.json", sound, [str(cell_file)])
        assert sound(found), found

        killed, before = run.pid("scene_counter"), len(counts)
        os.kill(killed, signal.SIGKILL)
        assert wall_wait(lambda: run.pid("scene_counter") not in (None, killed), 60.0), "not started again"
        assert wall_wait(lambda: "active again: scene_counter" in log.read_text(), 60.0), "not brought up"
        cell.until(lambda: len(counts) > before, 60.0, "count of the node that was started again")

        answer = cell.call(cell.client(Trigger, "/recorder/save"), Trigger.Request())
        cell.until(Path(answer.message).is_file, 60.0, "ring on the disk")
        topics = {item.topic for item in read_mcap(Path(answer.message))}
        assert {"/scene_counter/parts", "/sort_parts/status"} <= topics


def is_wrong(finding):
    return finding["check"] not in EXPECTED and "too slow" not in finding["what"]


def test_they_are_given_their_keys(workspace, cell_file, tmp_path):
    assert create_keystore([str(tmp_path / "keys"), "--extensions", "scene_counter"]) == 0
    enclave = tmp_path / "keys" / "enclaves" / "lab" / "scene_counter"
    assert (enclave / "key.pem").is_file()
    allowed = (enclave / "permissions.xml").read_text()
    publish, subscribe = allowed.split("<subscribe>")
    assert "rt/scene_counter/parts" in publish and "rt/scene_counter/parts" not in subscribe
    assert "rt/scene/objects" in subscribe and "rt/scene/objects" not in publish
