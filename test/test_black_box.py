"""A pick that fails is saved, and its replay answers as the run did; the ring of the run is on the disk."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import launch_testing
import pytest
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from simulation_interfaces.srv import DeleteEntity
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from cell_client import CellClient, clearing
from lab_description import load_cell
from lab_description.graph import load_graph
from lab_doctor.collect import collect_machine
from lab_node.conversions.outcomes import name_of
from lab_recorder.case import load_case
from lab_recorder.mcap_file import read_mcap
from lab_recorder.replay import replay
from lab_security.policy import permissions

CELL = Path(__file__).parents[1] / "launch" / "cell.launch.py"
RECORD = Path(tempfile.mkdtemp(prefix="lab_black_box_"))
ARGUMENTS = {
    "look": "plain",
    "scene": "scattered",
    "parts": "2",
    "seed": "11",
    "speed": "1.0",
    "record": str(RECORD),
}


@pytest.mark.launch_test
def generate_test_description():
    os.environ["ROS_DOMAIN_ID"] = "72"
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(CELL)), launch_arguments=ARGUMENTS.items()
    )
    return LaunchDescription([cell, ReadyToTest()])


class TestBlackBox(unittest.TestCase):
    """One cell for all; the tests run in the order of their names."""

    def test_1_the_doctor_finds_the_cell_sound(self):
        """How fast the machine is that runs the tests is not the cell's fault."""
        with CellClient() as cell:
            cell.until_active(timeout=240.0)
        report = RECORD.with_suffix(".json")
        command = [sys.executable, "-m", "lab_doctor", "--domain", "72", "--json", str(report)]
        command += ["--allow", "test_client"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert said.returncode in (0, 1), said.stderr
        content = json.loads(report.read_text())
        report.unlink()
        assert content["running"] is True
        slow = ("load", "topic-slow", "topic-old", "pairs")
        wrong = [
            finding
            for finding in content["findings"]
            if finding["area"] not in ("machine", "environment")
            and finding["check"] not in slow
            and "too slow" not in finding["what"]
        ]
        assert wrong == []

    def test_2_nothing_listens_beyond_this_machine(self):
        machine = collect_machine(None, RECORD)
        cell = [process.pid for process in machine.processes if process.domain == 72]
        assert len(cell) >= 7
        ours = [item for item in machine.listeners if any(f"({pid})" in item.process for pid in cell)]
        assert len(ours) >= 7, "each process has a socket for discovery"
        assert {item.address for item in ours} == {"127.0.0.1"}

    def test_3_the_graph_describes_what_the_nodes_say_and_hear(self):
        graph = load_graph(load_cell("ur5e_table"))
        with CellClient() as cell:
            cell.until_active(timeout=240.0)
            node = cell.node
            for name in set(node.get_node_names()) - {node.get_name()}:
                assert name in graph.nodes, f"config/graph.yaml has no node {name}"
                allowed = permissions(graph.nodes[name])
                said = node.get_publisher_names_and_types_by_node(name, "/")
                heard = node.get_subscriber_names_and_types_by_node(name, "/")
                for topic, kinds in (*said, *heard):
                    assert topic not in graph.topics or kinds == [graph.topics[topic].type], topic
                writes, reads = ([f"rt{topic}" for topic, _ in topics] for topics in (said, heard))
                for service, _ in node.get_service_names_and_types_by_node(name, "/"):
                    writes.append(f"rr{service}Reply")
                    reads.append(f"rq{service}Request")
                for service, _ in node.get_client_names_and_types_by_node(name, "/"):
                    writes.append(f"rq{service}Request")
                    reads.append(f"rr{service}Reply")
                assert forbidden(writes, allowed.publish) == [], f"{name} may not publish that"
                assert forbidden(reads, allowed.subscribe) == [], f"{name} may not subscribe to that"

    def test_4_a_pick_of_a_part_that_is_gone_is_saved_and_replayed(self):
        """All parts are taken away while the arm is on its way to the first."""
        with CellClient() as cell:
            cell.until_active(timeout=240.0)
            moving = []
            told = cell.node.create_subscription(JointTrajectory, "/motion/trajectory", moving.append, 10)
            # or the first of its motions is missed, and the parts are taken away when one is in the hand
            cell.until(told.get_publisher_count, 120.0, "connection to the motion node")
            handle = cell.send("/run_order", clearing(max_parts=1))
            cell.until(lambda: moving, 120.0, "motion")
            delete = cell.client(DeleteEntity, "/simulator/delete_entity")
            for part in cell.part_positions():
                cell.call(delete, DeleteEntity.Request(entity=part))
            attempt = cell.until(lambda: cell.attempts, 240.0, "attempt")[0]
            assert name_of(attempt.outcome) == "GRASP_EMPTY", attempt.outcome.message
            folder = RECORD / "cases" / "001"
            cell.until(folder.is_dir, 120.0, "case")
            save = cell.node.create_client(Trigger, "/recorder/save")
            answer = cell.call(save, Trigger.Request())
            assert answer.success
            cell.until(Path(answer.message).is_file, 120.0, "ring on the disk")
            handle.cancel_goal_async()

        case = load_case(folder)
        assert (case.facts.outcome, case.facts.stage) == ("GRASP_EMPTY", "contact")
        assert case.facts.versions["numpy"] and case.facts.versions["source"]
        assert case.parameters["motion"]["seed"] == 11 and case.parameters["perception"]["detector"]
        assert case.parameters["stop"]["input_timeout"] == 0.5
        assert sum(file.stat().st_size for file in folder.rglob("*") if file.name != "ring.mcap") < 1_000_000

        comparisons = replay(case)
        assert [item for item in comparisons if not item.same] == []
        assert {item.stage for item in comparisons} == {"perception", "grasping", "planning"}
        assert "joints on the way" in [item.what for item in comparisons]

        ring = Counter(item.topic for item in read_mcap(folder / "ring.mcap"))
        for topic in ("/camera/color/image_raw", "/joint_states", "/scene/objects", "/motion/trajectory"):
            assert ring[topic] > 0, ring
        for topic in ("/gripper/left_pad/wrench", "/force_torque_sensor_broadcaster/wrench", "/diagnostics"):
            assert ring[topic] > 0, ring
        assert ring["/cell/stop_state"] > 0, ring


def forbidden(topics, patterns):
    """DDS topics that no pattern allows."""
    return [topic for topic in topics if not any(fnmatchcase(topic, pattern) for pattern in patterns)]


@launch_testing.post_shutdown_test()
class TestAfterShutdown(unittest.TestCase):
    def test_the_last_seconds_are_on_the_disk_and_every_node_ended_cleanly(self, proc_info):
        launch_testing.asserts.assertExitCodes(proc_info)
        try:
            topics = {item.topic for item in read_mcap(RECORD / "blackbox.mcap")}
            assert {"/joint_states", "/camera/color/image_raw", "/task/attempts", "/rosout"} <= topics
        finally:
            if "LAB_KEEP_CASE" not in os.environ:
                shutil.rmtree(RECORD)
